/* fallocate, where the system has it. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#define _POSIX_C_SOURCE 200809L
/* Without it, systems of 32 bits refuse files of 2 GiB. */
#define _FILE_OFFSET_BITS 64

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "iotflow_posix.h"

static int read_file(void *context, uint32_t offset, void *data, uint32_t size) {
    const iotflow_posix_file *file = (const iotflow_posix_file *)context;
    uint8_t *to = (uint8_t *)data;
    uint32_t done = 0;
    while (done < size) {
        const ssize_t got = pread(file->handle, to + done, size - done, (off_t)(offset + done));
        if ((got < 0) && (errno == EINTR)) {
            continue;
        }
        if (got < 0) {
            return -1;
        }
        if (got == 0) {
            /* Behind the end of the file everything is erased. */
            (void)memset(to + done, 0xff, size - done);
            return 0;
        }
        done += (uint32_t)got;
    }
    return 0;
}

static int write_all(int handle, const uint8_t *data, uint32_t size, uint32_t offset) {
    uint32_t done = 0;
    while (done < size) {
        const ssize_t put = pwrite(handle, data + done, size - done, (off_t)(offset + done));
        if ((put < 0) && (errno == EINTR)) {
            continue;
        }
        if (put <= 0) {
            return -1;
        }
        done += (uint32_t)put;
    }
    return 0;
}

static int erase(const iotflow_posix_file *file, uint32_t offset) {
    uint8_t erased[4096];
    uint32_t done;
    (void)memset(erased, 0xff, sizeof erased);
    for (done = 0; done < file->sector_size; done += (uint32_t)sizeof erased) {
        const uint32_t left = file->sector_size - done;
        if (write_all(file->handle, erased, (left < sizeof erased) ? left : (uint32_t)sizeof erased, offset + done) != 0) {
            return -1;
        }
    }
    return 0;
}

static int write_file(void *context, uint32_t offset, const void *data, uint32_t size) {
    const iotflow_posix_file *file = (const iotflow_posix_file *)context;
    if (((offset % file->sector_size) == 0U) && (erase(file, offset) != 0)) {
        return -1;
    }
    return write_all(file->handle, (const uint8_t *)data, size, offset);
}

/* Gives the room of the sector back to the disk; it reads as zeros then, which are no sector. */
static void release_room(void *context, uint32_t offset) {
    const iotflow_posix_file *file = (const iotflow_posix_file *)context;
#ifdef FALLOC_FL_PUNCH_HOLE
    (void)fallocate(file->handle, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)file->sector_size);
#else
    (void)file;
    (void)offset;
#endif
}

static int synchronize(void *context) { return fdatasync(((const iotflow_posix_file *)context)->handle); }

/* Makes the name of a new file durable. Systems that do not let this process do it are used as they are. */
static void synchronize_folder(const char *path) {
    char folder[PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');
    int handle;
    if (slash != NULL) {
        const size_t size = (size_t)(slash - path) + 1U;
        if (size >= sizeof folder) {
            return;
        }
        (void)memcpy(folder, path, size);
        folder[size] = '\0';
    }
    handle = open(folder, O_RDONLY | O_CLOEXEC);
    if (handle >= 0) {
        (void)fsync(handle);
        (void)close(handle);
    }
}

iotflow_status iotflow_posix_storage(iotflow_storage *storage, iotflow_posix_file *file, const char *path, uint32_t sector_size,
                                     uint32_t sectors) {
    struct flock lock;
    file->handle = -1;
    if (((uint64_t)sector_size * sectors) > UINT32_MAX) {
        return IOTFLOW_INVALID_ARGUMENT;
    }
    file->sector_size = sector_size;
    file->handle = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file->handle < 0) {
        return IOTFLOW_IO_ERROR;
    }
    (void)memset(&lock, 0, sizeof lock);
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (fcntl(file->handle, F_SETLK, &lock) != 0) {
        iotflow_posix_file_close(file);
        return IOTFLOW_AGAIN;
    }
    synchronize_folder(path);
    storage->read = read_file;
    storage->write = write_file;
    storage->synchronize = synchronize;
    storage->release = release_room;
    storage->context = file;
    storage->sector_size = sector_size;
    storage->sectors = sectors;
    storage->persistent = true;
    return IOTFLOW_OK;
}

void iotflow_posix_file_close(iotflow_posix_file *file) {
    (void)close(file->handle);
    file->handle = -1;
}
