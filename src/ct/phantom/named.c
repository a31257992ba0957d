/* The built-in phantoms, by name: texts of data/phantoms that the build puts into the library. */
#include "ct/phantom/phantom.h"

#include <string.h>

const char *vxg_phantom_name(int index, const char **text) {
    int n = 0;
    while (vxg__phantom_texts[n].name) n++;
    const int known = index >= 0 && index < n;
    if (text) *text = known ? vxg__phantom_texts[index].text : NULL;
    return known ? vxg__phantom_texts[index].name : NULL;
}

int vxg_phantom_named(const char *name, vxg_phantom **out) {
    VXG_FAIL_IF(!name || !out, VXG_ERR_ARGUMENT, "phantom: name or out is NULL");
    *out = NULL;
    vxg_text list = {0};
    for (const vxg__phantom_text *t = vxg__phantom_texts; t->name; t++)
        if (!strcmp(t->name, name)) return vxg_phantom_parse(t->text, name, out);
    for (const vxg__phantom_text *t = vxg__phantom_texts; t->name; t++)
        vxg__text_add(&list, "%s%s", list.length ? ", " : "", t->name);
    int status = vxg_error_set(VXG_ERR_ARGUMENT, "phantom: '%s' is none of %s", name,
                               list.failed ? "the built-in ones" : list.s);
    vxg__text_free(&list);
    return status;
}
