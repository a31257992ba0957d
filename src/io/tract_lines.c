/* Files of a header, then one streamline after the other. */
#include "io/tracts.h"

static int write_lines(vxg_tract_writer *self, const vxg_tract_batch *b) {
    vxg__line_file *t = self->impl;
    int status = VXG_OK;
    VXG_FAIL_IF(t->broken, VXG_ERR_ARGUMENT, "%s: a call before has failed", t->out.path);
    for (int64_t i = 0; i < b->lines && !status; i++) status = t->add_line(t, b, i);
    t->broken = status != VXG_OK;
    if (!status) t->lines += b->lines;
    return status;
}

static void abandon(vxg_tract_writer *self) {
    if (!self) return;
    vxg__line_file *t = self->impl;
    vxg__output_abandon(&t->out);
    vxg__sink_free(&t->sink);
    vxg__tract_info_free(&self->info);
    vxg__free(t);
}

static int finish(vxg_tract_writer *self) {
    vxg__line_file *t = self->impl;
    int status = VXG_OK;
    if (t->broken)
        status = vxg_error_set(VXG_ERR_ARGUMENT, "%s: a call before has failed", t->out.path);
    if (!status) status = t->end(t);
    if (!status) status = vxg__output_commit(&t->out); /* abandons by itself on failure */
    abandon(self);
    return status;
}

int vxg__line_file_create(const char *path, const vxg_tract_create_opts *o,
                          const vxg__line_file *like, const void *head, size_t bytes,
                          vxg_tract_writer **out) {
    vxg__line_file *t = vxg__calloc(1, sizeof *t);
    if (!t) return VXG_ERR_MEMORY;
    *t = *like;
    t->base = (vxg_tract_writer){.size = sizeof t->base,
                                 .write = write_lines,
                                 .finish = finish,
                                 .abandon = abandon,
                                 .impl = t};
    t->out.fd = -1;
    int status = vxg__tract_info_copy(&o->info, &t->base.info);
    if (!status) status = vxg__output_open(path, o->force, o->outputs, &t->out);
    if (!status) status = vxg__sink_open(t->out.fd, t->out.path, &t->sink);
    if (!status) status = vxg__sink_add(&t->sink, head, bytes);
    if (status) {
        abandon(&t->base);
        return status;
    }
    *out = &t->base;
    return VXG_OK;
}
