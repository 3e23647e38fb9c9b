/* The clock of a replayed day, preloaded into real servers (tests/services/clock.py).

   The file SIMULATED_CLOCK names holds how many seconds the day of the year, CLOCK_REALTIME, is ahead of the machine's.
   It is mapped: all who have it see a change at once. What measures durations, CLOCK_MONOTONIC, is left alone, so sleeps,
   timeouts and retries last as long as they really do. libfaketime cannot do this for BIND (it never starts: its jemalloc
   asks for the time before libfaketime is ready) nor for Python 3.11 (its sleep is refused). */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const int64_t real = 0;
static volatile const int64_t *ahead_s = &real;

__attribute__((constructor)) static void open_clock(void)
{
    const char *path = getenv("SIMULATED_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *found = mmap(NULL, sizeof *ahead_s, PROT_READ, MAP_SHARED, file, 0);
    if (found != MAP_FAILED)
        ahead_s = found;
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int status = (int)syscall(SYS_clock_gettime, clock, now);
    if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += *ahead_s;
    return status;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec precise;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *place)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (place)
        *place = now.tv_sec;
    return now.tv_sec;
}

/* The kernel waits by its own clock. A deadline in the first thirty years since the machine started is a monotonic one. */
int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict deadline)
{
    static int (*wait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    struct timespec by_kernel = *deadline;
    if (!wait)
        wait = (int (*)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *))dlvsym(
            RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
    if (deadline->tv_sec > 1000000000)
        by_kernel.tv_sec -= *ahead_s;
    return wait(condition, mutex, &by_kernel);
}
