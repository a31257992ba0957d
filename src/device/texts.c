/* The embedded kernel files: their texts, the kernels in them and their variants. */
#include "device/texts.h"

#include <string.h>

#include "device/backend.h"

#define X(name, file) {#name, file},
#define S(name)
#define V(name, options, symbol)
#define U(file, options)
const vxg_kernel_row vxg__kernel_rows[] = {
#include "kernel_list.h"
};
#undef X
#undef U
const int vxg__kernel_row_count = (int)(sizeof vxg__kernel_rows / sizeof *vxg__kernel_rows);

#define X(name, file)
#define U(file, options) {file, options},
const vxg_kernel_variant vxg__kernel_variants[] = {
#include "kernel_list.h"
    {0, 0}};
#undef X
#undef S
#undef V
#undef U

const char *vxg__kernel_text(const char *name) {
    for (const vxg_kernel_text *t = vxg__kernel_texts; t->name; t++)
        if (!strcmp(t->name, name)) return t->text;
    return NULL;
}
