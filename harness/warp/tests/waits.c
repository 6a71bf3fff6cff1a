// Waits in the way that its argument names, and prints how long that took by its own clock, in
// milliseconds. What should take no or another time says so by its name.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define SECONDS 6
#define CHECK(condition) \
    do { if (!(condition)) { printf("line %d: %s, errno %d\n", __LINE__, #condition, errno); exit(1); } } while (0)

static const struct timespec length = {SECONDS, 0};
static const struct timeval length_tv = {SECONDS, 0};

static long ms(clockid_t clock) {
    struct timespec now;
    CHECK(clock_gettime(clock, &now) == 0);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct timespec ahead(clockid_t clock) {
    struct timespec now;
    CHECK(clock_gettime(clock, &now) == 0);
    now.tv_sec += SECONDS;
    return now;
}

// Does something after half of the time, in another thread.
struct later { void (*act)(void *); void *on; };
static void *run_later(void *given) {
    struct later *later = given;
    usleep(SECONDS * 500000);
    later->act(later->on);
    return NULL;
}
static pthread_t halfway(void (*act)(void *), void *on) {
    struct later *later = malloc(sizeof *later);
    pthread_t thread;
    *later = (struct later){act, on};
    CHECK(pthread_create(&thread, NULL, run_later, later) == 0);
    return thread;
}

static int quiet_pipe[2], pair[2];
static int epoll_of(int fd) {
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
    return epoll;
}
static void write_byte(void *fd) { CHECK(write(*(int *)fd, "x", 1) == 1); }

// Clocks.
static void same_on(clockid_t clock) {
    long before = ms(clock);
    sleep(SECONDS);
    printf("%ld\n", ms(clock) - before);
    exit(0);
}
static void clock_gettime_realtime(void) { same_on(CLOCK_REALTIME); }
static void clock_gettime_monotonic(void) { same_on(CLOCK_MONOTONIC); }
static void clock_gettime_raw(void) { same_on(CLOCK_MONOTONIC_RAW); }
static void clock_gettime_boottime(void) { same_on(CLOCK_BOOTTIME); }
static void clock_gettime_coarse(void) { same_on(CLOCK_REALTIME_COARSE); }
static void clock_gettime_monotonic_coarse(void) { same_on(CLOCK_MONOTONIC_COARSE); }
static void clock_gettime_cpu_none(void) { same_on(CLOCK_PROCESS_CPUTIME_ID); }
static void gettimeofday_(void) {
    struct timeval before, after;
    gettimeofday(&before, NULL);
    sleep(SECONDS);
    gettimeofday(&after, NULL);
    timersub(&after, &before, &after);
    printf("%ld\n", after.tv_sec * 1000 + after.tv_usec / 1000);
    exit(0);
}
static void time_(void) {
    struct timespec now;
    for (int i = 0; i < 3; i++) {
        usleep(700000);
        clock_gettime(CLOCK_REALTIME, &now);
        long seconds = time(NULL);
        CHECK(seconds == now.tv_sec || seconds == now.tv_sec + 1);
    }
    sleep(SECONDS - 2);
}
static void timespec_get_(void) {
    struct timespec before, after;
    timespec_get(&before, TIME_UTC);
    sleep(SECONDS);
    timespec_get(&after, TIME_UTC);
    printf("%ld\n", (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000);
    exit(0);
}
static void clocks_never_go_back_none(void) {
    long last = 0;
    for (int i = 0; i < 1000000; i++) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        long this = now.tv_sec * 1000000000 + now.tv_nsec;
        CHECK(this >= last);
        last = this;
    }
}

// Sleeps.
static void nanosleep_(void) { CHECK(nanosleep(&length, NULL) == 0); }
static void clock_nanosleep_(void) { CHECK(clock_nanosleep(CLOCK_MONOTONIC, 0, &length, NULL) == 0); }
static void clock_nanosleep_absolute(void) {
    struct timespec end = ahead(CLOCK_MONOTONIC);
    CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) == 0);
}
static void clock_nanosleep_calendar(void) {
    struct timespec end = ahead(CLOCK_REALTIME);
    CHECK(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &end, NULL) == 0);
}
static void usleep_(void) { CHECK(usleep(SECONDS * 1000000) == 0); }
static void sleep_(void) { CHECK(sleep(SECONDS) == 0); }
static void thrd_sleep_(void) { CHECK(thrd_sleep(&length, NULL) == 0); }
static void ignore(int signal) { (void)signal; }
static void interrupt(void *thread) { pthread_kill(*(pthread_t *)thread, SIGUSR1); }
static void nanosleep_interrupted_half(void) {
    struct timespec left;
    pthread_t self = pthread_self();
    signal(SIGUSR1, ignore);
    halfway(interrupt, &self);
    CHECK(nanosleep(&length, &left) == -1 && errno == EINTR);
    CHECK(left.tv_sec == SECONDS / 2 || left.tv_sec == SECONDS / 2 - 1);
}
static void sleep_invalid_none(void) {
    struct timespec wrong = {0, 1000000000};
    CHECK(nanosleep(&wrong, NULL) == -1 && errno == EINVAL);
    CHECK(clock_nanosleep(CLOCK_MONOTONIC, 0, &wrong, NULL) == EINVAL);
    CHECK(clock_nanosleep(99, 0, &length, NULL) == EINVAL);
}

// Descriptors.
static struct pollfd *quiet(void) {
    static struct pollfd fds;
    fds = (struct pollfd){.fd = quiet_pipe[0], .events = POLLIN};
    return &fds;
}
static fd_set *quiet_set(void) {
    static fd_set set;
    FD_ZERO(&set);
    FD_SET(quiet_pipe[0], &set);
    return &set;
}
static void poll_(void) { CHECK(poll(quiet(), 1, SECONDS * 1000) == 0); }
static void poll_ready_half(void) {
    halfway(write_byte, &quiet_pipe[1]);
    CHECK(poll(quiet(), 1, SECONDS * 1000) == 1);
}
static void poll_at_once_none(void) { CHECK(poll(quiet(), 1, 0) == 0); }
static void poll_for_ever_half(void) {
    halfway(write_byte, &quiet_pipe[1]);
    CHECK(poll(quiet(), 1, -1) == 1);
}
static void ppoll_(void) { CHECK(ppoll(quiet(), 1, &length, NULL) == 0); }
static void select_(void) {
    struct timeval time = length_tv;
    fd_set *set = quiet_set();
    CHECK(select(quiet_pipe[0] + 1, set, NULL, NULL, &time) == 0);
    CHECK(!FD_ISSET(quiet_pipe[0], set) && time.tv_sec == 0 && time.tv_usec == 0);
}
static void select_ready_half(void) {
    struct timeval time = length_tv;
    fd_set *set = quiet_set();
    halfway(write_byte, &quiet_pipe[1]);
    CHECK(select(quiet_pipe[0] + 1, set, NULL, NULL, &time) == 1);
    CHECK(FD_ISSET(quiet_pipe[0], set) && time.tv_sec >= 2);
}
static void pselect_(void) { CHECK(pselect(quiet_pipe[0] + 1, quiet_set(), NULL, NULL, &length, NULL) == 0); }
static void epoll_wait_(void) {
    struct epoll_event event;
    CHECK(epoll_wait(epoll_of(quiet_pipe[0]), &event, 1, SECONDS * 1000) == 0);
}
static void epoll_wait_ready_half(void) {
    struct epoll_event event;
    halfway(write_byte, &quiet_pipe[1]);
    CHECK(epoll_wait(epoll_of(quiet_pipe[0]), &event, 1, SECONDS * 1000) == 1);
}
static void epoll_pwait_(void) {
    struct epoll_event event;
    CHECK(epoll_pwait(epoll_of(quiet_pipe[0]), &event, 1, SECONDS * 1000, NULL) == 0);
}
static void epoll_pwait2_(void) {
    struct epoll_event event;
    CHECK(epoll_pwait2(epoll_of(quiet_pipe[0]), &event, 1, &length, NULL) == 0);
}

// Other threads.
static sem_t semaphore;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static int happened;
static void post(void *on) { (void)on; sem_post(&semaphore); }
static void sem_timedwait_(void) {
    struct timespec end = ahead(CLOCK_REALTIME);
    CHECK(sem_timedwait(&semaphore, &end) == -1 && errno == ETIMEDOUT);
}
static void sem_timedwait_posted_half(void) {
    struct timespec end = ahead(CLOCK_REALTIME);
    halfway(post, NULL);
    CHECK(sem_timedwait(&semaphore, &end) == 0);
}
static void sem_clockwait_(void) {
    struct timespec end = ahead(CLOCK_MONOTONIC);
    CHECK(sem_clockwait(&semaphore, CLOCK_MONOTONIC, &end) == -1 && errno == ETIMEDOUT);
}
static void happen(void *on) {
    (void)on;
    pthread_mutex_lock(&mutex);
    happened = 1;
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&mutex);
}
static int wait_condition(clockid_t clock, int (*once)(struct timespec *)) {
    struct timespec end = ahead(clock);
    int error = 0;
    pthread_mutex_lock(&mutex);
    while (!happened && error == 0) error = once(&end);
    pthread_mutex_unlock(&mutex);
    return error;
}
static int timedwait(struct timespec *end) { return pthread_cond_timedwait(&condition, &mutex, end); }
static int clockwait(struct timespec *end) { return pthread_cond_clockwait(&condition, &mutex, CLOCK_MONOTONIC, end); }
static void pthread_cond_timedwait_(void) { CHECK(wait_condition(CLOCK_REALTIME, timedwait) == ETIMEDOUT); }
static void pthread_cond_timedwait_monotonic(void) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&condition, &attributes);
    CHECK(wait_condition(CLOCK_MONOTONIC, timedwait) == ETIMEDOUT);
}
static void pthread_cond_timedwait_signalled_half(void) {
    halfway(happen, NULL);
    CHECK(wait_condition(CLOCK_REALTIME, timedwait) == 0);
}
static void pthread_cond_clockwait_(void) { CHECK(wait_condition(CLOCK_MONOTONIC, clockwait) == ETIMEDOUT); }
static cnd_t c11_condition;
static mtx_t c11_mutex;
static void cnd_timedwait_(void) {
    struct timespec end = ahead(CLOCK_REALTIME);
    int result = thrd_success;
    cnd_init(&c11_condition);
    mtx_init(&c11_mutex, mtx_plain);
    mtx_lock(&c11_mutex);
    while (result == thrd_success) result = cnd_timedwait(&c11_condition, &c11_mutex, &end);
    CHECK(result == thrd_timedout);
}
static void *hold(void *on) {
    (void)on;
    pthread_mutex_lock(&mutex);
    pthread_rwlock_wrlock(&rwlock);
    mtx_init(&c11_mutex, mtx_timed);
    mtx_lock(&c11_mutex);
    sem_post(&semaphore);
    for (;;) pause();
    return NULL;
}
static pthread_t held(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, hold, NULL);
    sem_wait(&semaphore);
    return thread;
}
#define LOCKED(name, clock, call) \
    static void name(void) { \
        held(); \
        struct timespec end = ahead(clock); \
        CHECK((call) == ETIMEDOUT); \
    }
LOCKED(pthread_mutex_timedlock_, CLOCK_REALTIME, pthread_mutex_timedlock(&mutex, &end))
LOCKED(pthread_mutex_clocklock_, CLOCK_MONOTONIC, pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &end))
LOCKED(pthread_rwlock_timedrdlock_, CLOCK_REALTIME, pthread_rwlock_timedrdlock(&rwlock, &end))
LOCKED(pthread_rwlock_clockrdlock_, CLOCK_MONOTONIC, pthread_rwlock_clockrdlock(&rwlock, CLOCK_MONOTONIC, &end))
LOCKED(pthread_rwlock_timedwrlock_, CLOCK_REALTIME, pthread_rwlock_timedwrlock(&rwlock, &end))
LOCKED(pthread_rwlock_clockwrlock_, CLOCK_MONOTONIC, pthread_rwlock_clockwrlock(&rwlock, CLOCK_MONOTONIC, &end))
static void mtx_timedlock_(void) {
    held();
    struct timespec end = ahead(CLOCK_REALTIME);
    CHECK(mtx_timedlock(&c11_mutex, &end) == thrd_timedout);
}
static void pthread_timedjoin_np_(void) {
    pthread_t thread = held();
    struct timespec end = ahead(CLOCK_REALTIME);
    CHECK(pthread_timedjoin_np(thread, NULL, &end) == ETIMEDOUT);
}
static void pthread_clockjoin_np_(void) {
    pthread_t thread = held();
    struct timespec end = ahead(CLOCK_MONOTONIC);
    CHECK(pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &end) == ETIMEDOUT);
}
static void sigtimedwait_(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    CHECK(sigtimedwait(&set, NULL, &length) == -1 && errno == EAGAIN);
}

// Timers.
static void timerfd_settime_(void) {
    int fd = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec new = {.it_value = length}, now;
    uint64_t count;
    CHECK(timerfd_settime(fd, 0, &new, NULL) == 0);
    CHECK(timerfd_gettime(fd, &now) == 0 && now.it_value.tv_sec >= SECONDS - 1);
    CHECK(read(fd, &count, sizeof count) == sizeof count && count == 1);
}
static void timerfd_settime_absolute(void) {
    int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
    struct itimerspec new = {.it_value = ahead(CLOCK_REALTIME)};
    struct pollfd fds = {.fd = fd, .events = POLLIN};
    CHECK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &new, NULL) == 0);
    CHECK(poll(&fds, 1, -1) == 1);
}
static void timerfd_settime_periodic(void) {
    int fd = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec new = {.it_value = {2, 0}, .it_interval = {2, 0}};
    uint64_t count;
    CHECK(timerfd_settime(fd, 0, &new, NULL) == 0);
    CHECK(read(fd, &count, sizeof count) == sizeof count && count == 1);
    CHECK(read(fd, &count, sizeof count) == sizeof count && count == 1);
    CHECK(read(fd, &count, sizeof count) == sizeof count && count == 1);
}
static void timerfd_settime_missed(void) {
    int fd = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec new = {.it_value = {2, 0}, .it_interval = {2, 0}}, off = {0};
    uint64_t count;
    CHECK(timerfd_settime(fd, 0, &new, NULL) == 0);
    usleep(5900000);
    CHECK(read(fd, &count, sizeof count) == sizeof count && count == 2);
    usleep(100000);
    CHECK(timerfd_settime(fd, 0, &off, NULL) == 0);
}
static volatile sig_atomic_t alarms;
static void count_alarm(int signal) { (void)signal; alarms++; }
static void wait_alarms(int wanted) {
    sigset_t set, before;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    sigprocmask(SIG_BLOCK, &set, &before);
    while (alarms < wanted) sigsuspend(&before);
}
static void setitimer_(void) {
    struct itimerval new = {.it_value = {2, 0}, .it_interval = {2, 0}}, now;
    signal(SIGALRM, count_alarm);
    CHECK(setitimer(ITIMER_REAL, &new, NULL) == 0);
    CHECK(getitimer(ITIMER_REAL, &now) == 0 && now.it_value.tv_sec <= 2 && now.it_interval.tv_sec == 2);
    wait_alarms(3);
}
static void alarm_(void) {
    signal(SIGALRM, count_alarm);
    CHECK(alarm(100) == 0);
    CHECK(alarm(SECONDS) == 100);
    wait_alarms(1);
    CHECK(alarm(0) == 0);
}
static void alarm_stopped(void) {
    signal(SIGALRM, count_alarm);
    alarm(2);
    CHECK(alarm(0) == 2);
    sleep(SECONDS);
    CHECK(alarms == 0);
}
static void alarm_across_exec(void) {
    int status;
    pid_t child = fork();
    if (child == 0) {
        alarm(SECONDS);
        execlp("sleep", "sleep", "1000", NULL);
        _exit(1);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM);
}
static void timer_settime_(void) {
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    struct itimerspec new = {.it_value = length}, now;
    timer_t timer;
    signal(SIGALRM, count_alarm);
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    CHECK(timer_settime(timer, 0, &new, NULL) == 0);
    CHECK(timer_gettime(timer, &now) == 0 && now.it_value.tv_sec >= SECONDS - 1);
    wait_alarms(1);
    CHECK(timer_delete(timer) == 0);
}

// Sockets with time-outs.
static int receiving(void) {
    struct timeval kept;
    socklen_t size = sizeof kept;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    CHECK(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &length_tv, sizeof length_tv) == 0);
    CHECK(getsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &kept, &size) == 0 && kept.tv_sec == SECONDS);
    return pair[0];
}
static int sending(void) {
    char block[65536] = {0};
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    CHECK(setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &length_tv, sizeof length_tv) == 0);
    while (send(pair[0], block, sizeof block, MSG_DONTWAIT) > 0) {}
    return pair[0];
}
static char buffer[64];
static struct iovec part = {buffer, sizeof buffer};
static struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
#define AGAIN(call) CHECK((call) == -1 && errno == EAGAIN)
static void so_rcvtimeo_recv(void) { AGAIN(recv(receiving(), buffer, sizeof buffer, 0)); }
static void so_rcvtimeo_recvfrom(void) { AGAIN(recvfrom(receiving(), buffer, sizeof buffer, 0, NULL, NULL)); }
static void so_rcvtimeo_recvmsg(void) { AGAIN(recvmsg(receiving(), &message, 0)); }
static void so_rcvtimeo_read(void) { AGAIN(read(receiving(), buffer, sizeof buffer)); }
static void so_rcvtimeo_readv(void) { AGAIN(readv(receiving(), &part, 1)); }
static void so_rcvtimeo_data_half(void) {
    receiving();
    halfway(write_byte, &pair[1]);
    CHECK(recv(pair[0], buffer, sizeof buffer, 0) == 1);
}
static void so_rcvtimeo_dont_wait_none(void) { AGAIN(recv(receiving(), buffer, sizeof buffer, MSG_DONTWAIT)); }
static void so_rcvtimeo_nonblocking_none(void) {
    int fd = receiving();
    fcntl(fd, F_SETFL, O_NONBLOCK);
    AGAIN(recv(fd, buffer, sizeof buffer, 0));
}
static void so_rcvtimeo_dup(void) { AGAIN(recv(dup(receiving()), buffer, sizeof buffer, 0)); }
static void so_rcvtimeo_dup2(void) {
    int fd = dup2(receiving(), 99);
    close(pair[0]);
    AGAIN(recv(fd, buffer, sizeof buffer, 0));
}
static void so_rcvtimeo_fcntl(void) { AGAIN(recv(fcntl(receiving(), F_DUPFD, 50), buffer, sizeof buffer, 0)); }
static void so_rcvtimeo_closed_half(void) {
    int old = receiving(), fresh[2];
    close(old);
    CHECK(pipe(fresh) == 0 && fresh[0] == old);
    halfway(write_byte, &fresh[1]);
    CHECK(read(fresh[0], buffer, 1) == 1);
}
static int listener(struct sockaddr_in *address) {
    socklen_t size = sizeof *address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CHECK(bind(fd, (struct sockaddr *)address, size) == 0 && listen(fd, 0) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)address, &size) == 0);
    return fd;
}
static void so_rcvtimeo_accept(void) {
    struct sockaddr_in address;
    int fd = listener(&address);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &length_tv, sizeof length_tv) == 0);
    AGAIN(accept(fd, NULL, NULL));
}
static void so_rcvtimeo_accepted(void) {
    struct sockaddr_in address;
    int fd = listener(&address), client = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &length_tv, sizeof length_tv) == 0);
    CHECK(connect(client, (struct sockaddr *)&address, sizeof address) == 0);
    AGAIN(recv(accept4(fd, NULL, NULL, 0), buffer, sizeof buffer, 0));
}
static void so_sndtimeo_send(void) { AGAIN(send(sending(), buffer, sizeof buffer, 0)); }
static void so_sndtimeo_sendto(void) { AGAIN(sendto(sending(), buffer, sizeof buffer, 0, NULL, 0)); }
static void so_sndtimeo_sendmsg(void) { AGAIN(sendmsg(sending(), &message, 0)); }
static void so_sndtimeo_write(void) { AGAIN(write(sending(), buffer, sizeof buffer)); }
static void so_sndtimeo_writev(void) { AGAIN(writev(sending(), &part, 1)); }
static void so_sndtimeo_connect(void) {
    struct sockaddr_in address;
    listener(&address);
    // Nobody accepts: the queue is full after a connection or two.
    for (int i = 0; i < 4; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(fd, (struct sockaddr *)&address, sizeof address);
    }
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &length_tv, sizeof length_tv) == 0);
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == -1 && errno == EINPROGRESS);
    CHECK((fcntl(fd, F_GETFL) & O_NONBLOCK) == 0);
}

// The same by `syscall`.
static uint32_t word;
static void wake(void *on) {
    (void)on;
    __atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
static void syscall_futex_wait(void) {
    CHECK(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &length, NULL, 0) == -1 && errno == ETIMEDOUT);
}
static void syscall_futex_wait_bitset(void) {
    struct timespec end = ahead(CLOCK_MONOTONIC);
    CHECK(syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, 0, &end, NULL, ~0) == -1 && errno == ETIMEDOUT);
}
static void syscall_futex_calendar(void) {
    struct timespec end = ahead(CLOCK_REALTIME);
    int command = FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME;
    CHECK(syscall(SYS_futex, &word, command, 0, &end, NULL, ~0) == -1 && errno == ETIMEDOUT);
}
static void syscall_futex_woken_half(void) {
    halfway(wake, NULL);
    while (__atomic_load_n(&word, __ATOMIC_SEQ_CST) == 0)
        if (syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &length, NULL, 0) == -1)
            CHECK(errno == EAGAIN || errno == EINTR);
}
static void syscall_nanosleep(void) { CHECK(syscall(SYS_nanosleep, &length, NULL) == 0); }
static void syscall_clock_nanosleep(void) { CHECK(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &length, NULL) == 0); }
static void syscall_ppoll(void) {
    struct timespec time = length;
    CHECK(syscall(SYS_ppoll, quiet(), 1, &time, NULL, 8) == 0);
}
static void syscall_pselect6(void) {
    struct timespec time = length;
    CHECK(syscall(SYS_pselect6, quiet_pipe[0] + 1, quiet_set(), NULL, NULL, &time, NULL) == 0);
    CHECK(time.tv_sec == 0);
}
static void syscall_epoll_pwait(void) {
    struct epoll_event event;
    CHECK(syscall(SYS_epoll_pwait, epoll_of(quiet_pipe[0]), &event, 1, SECONDS * 1000, NULL, 8) == 0);
}
static void syscall_epoll_pwait2(void) {
    struct epoll_event event;
    CHECK(syscall(SYS_epoll_pwait2, epoll_of(quiet_pipe[0]), &event, 1, &length, NULL, 8) == 0);
}
static void syscall_timerfd(void) {
    int fd = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec new = {.it_value = length};
    uint64_t count;
    CHECK(syscall(SYS_timerfd_settime, fd, 0, &new, NULL) == 0);
    CHECK(read(fd, &count, sizeof count) == sizeof count && count == 1);
}
static void syscall_clocks(void) {
    struct timespec raw;
    struct timeval day;
    sleep(SECONDS);
    CHECK(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &raw) == 0);
    CHECK(labs(ms(CLOCK_MONOTONIC) - (raw.tv_sec * 1000 + raw.tv_nsec / 1000000)) < 100);
    CHECK(syscall(SYS_gettimeofday, &day, NULL) == 0);
    CHECK(labs(ms(CLOCK_REALTIME) - (day.tv_sec * 1000 + day.tv_usec / 1000)) < 100);
}
static void syscall_others_none(void) {
    CHECK(syscall(SYS_getpid) == getpid());
    CHECK(syscall(SYS_close, 9999) == -1 && errno == EBADF);
    // Six arguments, the last of them beyond the registers of a call.
    char *mapped = (char *)syscall(SYS_mmap, NULL, 4096, 3, 0x22, -1, 0);
    CHECK(mapped != (char *)-1);
    mapped[0] = 1;
}
#ifdef SYS_poll
static void syscall_old_calls(void) {
    struct epoll_event event;
    struct timeval time = {1, 0};
    long seconds;
    CHECK(syscall(SYS_poll, quiet(), 1, 3000) == 0);
    CHECK(syscall(SYS_select, quiet_pipe[0] + 1, quiet_set(), NULL, NULL, &time) == 0);
    CHECK(syscall(SYS_epoll_wait, epoll_of(quiet_pipe[0]), &event, 1, 2000) == 0);
    CHECK(labs(syscall(SYS_time, &seconds) - ms(CLOCK_REALTIME) / 1000) <= 1);
}
#else
static void syscall_old_calls(void) { sleep(SECONDS); }
#endif

// Processes.
static void fork_(void) {
    int status;
    pid_t child = fork();
    if (child == 0) {
        sleep(SECONDS);
        _exit(7);
    }
    CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7);
}
static void exec_(void) { CHECK(system("sleep 6") == 0); }

#define CALL(name) {#name, name}
static const struct { const char *name; void (*call)(void); } calls[] = {
    CALL(clock_gettime_realtime), CALL(clock_gettime_monotonic), CALL(clock_gettime_raw),
    CALL(clock_gettime_boottime), CALL(clock_gettime_coarse), CALL(clock_gettime_monotonic_coarse),
    CALL(clock_gettime_cpu_none), CALL(gettimeofday_), CALL(time_), CALL(timespec_get_),
    CALL(clocks_never_go_back_none),
    CALL(nanosleep_), CALL(clock_nanosleep_), CALL(clock_nanosleep_absolute),
    CALL(clock_nanosleep_calendar), CALL(usleep_), CALL(sleep_), CALL(thrd_sleep_),
    CALL(nanosleep_interrupted_half), CALL(sleep_invalid_none),
    CALL(poll_), CALL(poll_ready_half), CALL(poll_at_once_none), CALL(poll_for_ever_half),
    CALL(ppoll_), CALL(select_), CALL(select_ready_half), CALL(pselect_), CALL(epoll_wait_),
    CALL(epoll_wait_ready_half), CALL(epoll_pwait_), CALL(epoll_pwait2_),
    CALL(sem_timedwait_), CALL(sem_timedwait_posted_half), CALL(sem_clockwait_),
    CALL(pthread_cond_timedwait_), CALL(pthread_cond_timedwait_monotonic),
    CALL(pthread_cond_timedwait_signalled_half), CALL(pthread_cond_clockwait_),
    CALL(cnd_timedwait_), CALL(pthread_mutex_timedlock_), CALL(pthread_mutex_clocklock_),
    CALL(pthread_rwlock_timedrdlock_), CALL(pthread_rwlock_clockrdlock_),
    CALL(pthread_rwlock_timedwrlock_), CALL(pthread_rwlock_clockwrlock_), CALL(mtx_timedlock_),
    CALL(pthread_timedjoin_np_), CALL(pthread_clockjoin_np_), CALL(sigtimedwait_),
    CALL(timerfd_settime_), CALL(timerfd_settime_absolute), CALL(timerfd_settime_periodic),
    CALL(timerfd_settime_missed), CALL(setitimer_), CALL(alarm_), CALL(alarm_stopped),
    CALL(alarm_across_exec), CALL(timer_settime_),
    CALL(so_rcvtimeo_recv), CALL(so_rcvtimeo_recvfrom), CALL(so_rcvtimeo_recvmsg),
    CALL(so_rcvtimeo_read), CALL(so_rcvtimeo_readv), CALL(so_rcvtimeo_data_half),
    CALL(so_rcvtimeo_dont_wait_none), CALL(so_rcvtimeo_nonblocking_none), CALL(so_rcvtimeo_dup),
    CALL(so_rcvtimeo_dup2), CALL(so_rcvtimeo_fcntl), CALL(so_rcvtimeo_closed_half),
    CALL(so_rcvtimeo_accept), CALL(so_rcvtimeo_accepted), CALL(so_sndtimeo_send),
    CALL(so_sndtimeo_sendto), CALL(so_sndtimeo_sendmsg), CALL(so_sndtimeo_write),
    CALL(so_sndtimeo_writev), CALL(so_sndtimeo_connect),
    CALL(syscall_futex_wait), CALL(syscall_futex_wait_bitset), CALL(syscall_futex_calendar),
    CALL(syscall_futex_woken_half), CALL(syscall_nanosleep), CALL(syscall_clock_nanosleep),
    CALL(syscall_ppoll), CALL(syscall_pselect6), CALL(syscall_epoll_pwait),
    CALL(syscall_epoll_pwait2), CALL(syscall_timerfd), CALL(syscall_clocks),
    CALL(syscall_others_none), CALL(syscall_old_calls), CALL(fork_), CALL(exec_),
};

int main(int count, char **words) {
    size_t all = sizeof calls / sizeof *calls;
    if (count < 2) {
        for (size_t i = 0; i < all; i++) puts(calls[i].name);
        return 0;
    }
    CHECK(pipe(quiet_pipe) == 0 && sem_init(&semaphore, 0, 0) == 0);
    for (size_t i = 0; i < all; i++) {
        if (strcmp(calls[i].name, words[1]) != 0) continue;
        long before = ms(CLOCK_MONOTONIC);
        calls[i].call();
        printf("%ld\n", ms(CLOCK_MONOTONIC) - before);
        return 0;
    }
    return 2;
}
