/* Private side of outputs: claims on names, the lock file behind each, the journal of a commit.
 *
 * A claim keeps a name for one set of outputs from before the work until its files have their
 * names. It is held by a lock file beside the output, .NAME.vxg-lock, which says who writes and,
 * while several files get their names, what is to be done (the journal). A lock file that no
 * process holds is a dead run's: the next run makes whole what it left (journal.c) and removes it.
 */
#ifndef VXG_IO_OUTPUTS_H
#define VXG_IO_OUTPUTS_H

#include "io/io.h"

#include <sys/stat.h>

struct vxg__claim {
    char *given;  /* the name as the caller spelled it */
    char *path;   /* where its links lead; of slices folder/prefix */
    char *lock;   /* the lock file */
    char *folder; /* of path, as absolute as can be */
    int fd;       /* of the lock file; < 0: not open */
    int slices;   /* numbered files path_NNNNN.tiff */
    int force, used;
    vxg__folder made;
    struct stat old; /* the file that is there; st_mode 0: none */
};

/* One file of a set, closed and complete under its temporary name. */
typedef struct vxg__item {
    char *path, *temp;  /* temp NULL: the file at path goes */
    char *aside;        /* name for the file that was there; NULL: there was none */
    int force, moved;   /* moved: the old file is under aside */
    int renamed;        /* path is the new file */
    struct stat number; /* of the new file; of one that goes, of the old */
} vxg__item;

struct vxg_outputs {
    vxg__item *items;
    vxg__claim *claims;
    struct vxg__input {
        char *name;
        dev_t device;
        ino_t number;
    } * inputs; /* files that must not be replaced */
    int count, room, nclaims, claim_room, ninputs, input_room;
};

/* Hidden names beside a file: .NAME.part-X, .NAME.old.part-X, with a random X; .NAME.vxg-lock. A
 * long NAME is cut, and a part of its checksum added. NULL: out of memory. */
enum { VXG__RANDOM = 17 };
void vxg__random_word(char word[VXG__RANDOM]); /* 16 hexadecimal digits */
char *vxg__hidden_name(const char *path, const char *ending, int random);
int vxg__is_random_word(const char *text, size_t n);

/* lock.c */
typedef enum vxg__lock_state {
    VXG__LOCK_TAKEN,
    VXG__LOCK_NONE, /* the file system has no locks: open, as if taken */
    VXG__LOCK_HELD, /* by somebody else; open, to be read */
    VXG__LOCK_ABSENT,
    VXG__LOCK_FAILED /* errno says why */
} vxg__lock_state;
vxg__lock_state vxg__lock_try(const char *path, int create, int *fd);
char *vxg__lock_read(int fd); /* its text; NULL: out of memory */
/* Takes the claim's lock; what a dead run left is made whole and removed. others: claims that are
 * the same set's. */
int vxg__lock_take(vxg__claim *c, const vxg_outputs *others);
/* The lock file goes, unless kept for the next run to see. */
void vxg__lock_drop(vxg__claim *c, int keep);
/* Dead runs of this machine in the claim's folder, of whatever name. */
void vxg__lock_sweep(const vxg__claim *c);

/* journal.c */
/* Writes down what the commit will do; from then on it is done, if need be by the next run. */
int vxg__journal_write(const vxg_outputs *set);
/* Does, or undoes, what the journal in the text of a lock file says; the lock is held. */
int vxg__journal_recover(const char *lock, int fd, const char *text);
/* Removes temporary files that belong to the lock file. */
void vxg__journal_sweep(const char *lock);
int vxg__sync_folder(const char *folder);
int vxg__seal(const vxg_outputs *set); /* index of the item that gets its name last */

#endif
