/* What a power cut leaves: everything that was not made durable is forgotten.
 *
 * Preloaded into a process, this keeps an undo log (POWER_LOG) of every change to files below POWER_DIR:
 * the bytes that a write covers, what a truncation cuts off, every new, moved or removed name, and every
 * fsync, which makes a file (or the names in a folder) durable. power_loss.py takes back, in reverse order,
 * what no fsync followed. With POWER_SWALLOW=1 fsync does nothing and says it did.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITE = 1, TRUNCATE, SYNC, CREATE, MOVE, REMOVE };

struct head { uint32_t kind, path; int64_t offset, size; uint64_t data; };

static int log_fd = -1, swallow;
static const char *dir;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void start(void) {
    const char *name = getenv("POWER_LOG");
    dir = getenv("POWER_DIR");
    swallow = getenv("POWER_SWALLOW") != NULL;
    if (name && dir) log_fd = (int)syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int watched(const char *path) { return log_fd >= 0 && !strncmp(path, dir, strlen(dir)); }

static int name_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, PATH_MAX - 1);
    if (n < 0) return 0;
    path[n] = 0;
    return watched(path);
}

static int absolute(int at, const char *name, char *path) {
    char base[PATH_MAX] = "";
    if (name[0] == '/') snprintf(path, PATH_MAX, "%s", name);
    else if (at == AT_FDCWD ? getcwd(base, sizeof base) != NULL : name_of(at, base))
        { if (snprintf(path, PATH_MAX, "%s/%s", base, name) >= PATH_MAX) return 0; }
    else return 0;
    return watched(path);
}

static void note(uint32_t kind, const char *path, int64_t offset, int64_t size, const void *data, uint64_t length) {
    struct head head = {kind, (uint32_t)strlen(path), offset, size, length};
    struct iovec parts[] = {{&head, sizeof head}, {(void *)path, head.path}, {(void *)data, length}};
    if (syscall(SYS_writev, log_fd, parts, 3) < 0) abort();
}

/* The bytes in [from, to) as they are now, and the size. */
static void note_bytes(uint32_t kind, const char *path, int64_t from, int64_t to) {
    struct stat now;
    if (stat(path, &now)) return;
    int64_t end = to < now.st_size ? to : now.st_size;
    uint64_t length = end > from ? (uint64_t)(end - from) : 0;
    char *data = malloc(length + 1);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (!data || fd < 0) abort();
    if (length && pread(fd, data, length, from) != (ssize_t)length) abort();
    syscall(SYS_close, fd);
    note(kind, path, from, now.st_size, data, length);
    free(data);
}

static void before_write(int fd, int64_t offset, size_t length) {
    char path[PATH_MAX];
    struct stat now;
    if (log_fd < 0 || fstat(fd, &now) || !S_ISREG(now.st_mode) || !name_of(fd, path)) return;
    note_bytes(WRITE, path, offset, offset + (int64_t)length);
}

ssize_t write(int fd, const void *data, size_t length) {
    pthread_mutex_lock(&lock);
    if (log_fd >= 0) {
        int saved = errno;
        struct stat now;
        int flags = fcntl(fd, F_GETFL);
        int64_t at = flags >= 0 && (flags & O_APPEND) && !fstat(fd, &now) ? now.st_size : lseek(fd, 0, SEEK_CUR);
        if (at >= 0) before_write(fd, at, length);
        errno = saved;
    }
    ssize_t done = syscall(SYS_write, fd, data, length);
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
    pthread_mutex_lock(&lock);
    before_write(fd, offset, length);
    ssize_t done = syscall(SYS_pwrite64, fd, data, length, offset);
    pthread_mutex_unlock(&lock);
    return done;
}
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) { return pwrite(fd, data, length, offset); }

int ftruncate(int fd, off_t size) {
    char path[PATH_MAX];
    pthread_mutex_lock(&lock);
    if (log_fd >= 0 && name_of(fd, path)) note_bytes(TRUNCATE, path, size, INT64_MAX);
    int done = (int)syscall(SYS_ftruncate, fd, size);
    pthread_mutex_unlock(&lock);
    return done;
}
int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }

static int make_durable(int fd, long number) {
    char path[PATH_MAX];
    if (swallow) return 0;
    pthread_mutex_lock(&lock);
    int done = (int)syscall(number, fd);
    if (!done && log_fd >= 0 && name_of(fd, path)) note(SYNC, path, 0, 0, "", 0);
    pthread_mutex_unlock(&lock);
    return done;
}
int fsync(int fd) { return make_durable(fd, SYS_fsync); }
int fdatasync(int fd) { return make_durable(fd, SYS_fdatasync); }

static int open_at(int at, const char *name, int flags, int mode) {
    char path[PATH_MAX];
    pthread_mutex_lock(&lock);
    int fresh = (flags & O_CREAT) && absolute(at, name, path) && access(path, F_OK);
    if (!fresh && (flags & O_TRUNC) && absolute(at, name, path) && !access(path, F_OK))
        note_bytes(TRUNCATE, path, 0, INT64_MAX);
    int fd = (int)syscall(SYS_openat, at, name, flags, mode);
    if (fd >= 0 && fresh) note(CREATE, path, 0, 0, "", 0);
    pthread_mutex_unlock(&lock);
    return fd;
}
#define MODE(flags) int mode = 0; if ((flags) & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, int); va_end(more); }
int open(const char *name, int flags, ...) { MODE(flags) return open_at(AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { MODE(flags) return open_at(AT_FDCWD, name, flags, mode); }
int openat(int at, const char *name, int flags, ...) { MODE(flags) return open_at(at, name, flags, mode); }
int openat64(int at, const char *name, int flags, ...) { MODE(flags) return open_at(at, name, flags, mode); }

int linkat(int from_at, const char *from, int at, const char *name, int flags) {
    char path[PATH_MAX];
    pthread_mutex_lock(&lock);
    int done = (int)syscall(SYS_linkat, from_at, from, at, name, flags);
    if (!done && absolute(at, name, path)) note(CREATE, path, 0, 0, "", 0);
    pthread_mutex_unlock(&lock);
    return done;
}
int link(const char *from, const char *name) { return linkat(AT_FDCWD, from, AT_FDCWD, name, 0); }

int renameat(int from_at, const char *from, int at, const char *name) {
    char old[PATH_MAX], path[PATH_MAX];
    pthread_mutex_lock(&lock);
    int known = absolute(at, name, path) && absolute(from_at, from, old);
    int done = (int)syscall(SYS_renameat2, from_at, from, at, name, 0);
    if (!done && known) note(MOVE, path, 0, 0, old, strlen(old));
    pthread_mutex_unlock(&lock);
    return done;
}
int rename(const char *from, const char *name) { return renameat(AT_FDCWD, from, AT_FDCWD, name); }

/* A removed name is kept beside the log: a power cut may bring it back. */
int unlinkat(int at, const char *name, int flags) {
    static int number;
    char path[PATH_MAX], kept[PATH_MAX];
    pthread_mutex_lock(&lock);
    int known = !(flags & AT_REMOVEDIR) && absolute(at, name, path);
    snprintf(kept, sizeof kept, "%s.%d.%d", getenv("POWER_LOG") ? getenv("POWER_LOG") : "", (int)getpid(), number++);
    if (known) known = !syscall(SYS_linkat, AT_FDCWD, path, AT_FDCWD, kept, 0);
    int done = (int)syscall(SYS_unlinkat, at, name, flags);
    if (!done && known) note(REMOVE, path, 0, 0, kept, strlen(kept));
    pthread_mutex_unlock(&lock);
    return done;
}
int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }
