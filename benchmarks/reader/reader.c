/* Reads many paced streams at once and says how far the gaps between their events are from what was asked for.
 *
 *   reader PORT STREAMS RAMP_MS STREAM_MS GAP_US LIMIT_US BODY_BYTES BODY_FNV EVENTS  < REQUEST
 *
 * STREAMS connections are opened over RAMP_MS, evenly.  Gaps are counted from 300 ms after the last one was opened until
 * the first stream must end, so that all streams run while they are counted.  Each event is timed twice: by the
 * kernel when the server's send put it into the socket (SO_TIMESTAMPNS; on loopback a send delivers at once), and by
 * this program when it has read it.  Every body is taken out of its chunks; its length, its FNV-1a and the number of its
 * events are compared (BODY_FNV 0: only the number).  If more than 1 % of the gaps miss by more than LIMIT_US, the
 * streams are broken off: it is known then that so many cannot be held.  One JSON object is printed. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { BUCKET_US = 100, BUCKETS = 5001, SETTLE_MS = 300, GRACE_MS = 5000, REQUEST_BYTES = 1 << 16 };

enum place { HEAD, SIZE, DATA, DATA_END, LAST, WRONG };

struct stream {
    int fd, place, matched;
    uint64_t left, size, bytes, hash;
    char before;
    long events;
    int64_t kernel_ns, read_ns;
};

static long histogram[2][BUCKETS];
static int64_t window_from, window_to, gap_ns;

static int64_t now_ns(void) {
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at); /* the clock of SO_TIMESTAMPNS */
    return at.tv_sec * 1000000000LL + at.tv_nsec;
}

static void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(2);
}

static void count(int which, int64_t error_ns) {
    int64_t bucket = llabs(error_ns) / (BUCKET_US * 1000);
    histogram[which][bucket < BUCKETS ? bucket : BUCKETS - 1]++;
}

/* `events` came in one read: the reader got all but the first with no gap at all; the kernel tells of the last one. */
static void note(struct stream *one, long events, int64_t kernel_ns, int64_t read_ns) {
    if (one->events > 0 && kernel_ns >= window_from && kernel_ns < window_to) {
        count(0, kernel_ns - one->kernel_ns - events * gap_ns);
        count(1, read_ns - one->read_ns - gap_ns);
        for (long more = 1; more < events; more++) count(1, gap_ns);
    }
    one->events += events;
    one->kernel_ns = kernel_ns;
    one->read_ns = read_ns;
}

/* Takes bytes of a response; returns how many events they end.  RFC 9112, section 7.1. */
static long take(struct stream *one, const char *data, size_t count) {
    static const char head_end[] = "\r\n\r\n";
    long events = 0;
    for (size_t at = 0; at < count; at++) {
        char c = data[at];
        switch (one->place) {
        case HEAD:
            one->matched = c == head_end[one->matched] ? one->matched + 1 : c == '\r';
            if (one->matched == 4) one->place = SIZE, one->size = 0;
            break;
        case SIZE:
            if (c >= '0' && c <= '9') one->size = one->size * 16 + (uint64_t)(c - '0');
            else if ((c | 32) >= 'a' && (c | 32) <= 'f') one->size = one->size * 16 + (uint64_t)((c | 32) - 'a' + 10);
            else if (c == '\n') one->left = one->size, one->place = one->size ? DATA : LAST;
            else if (c != '\r') one->place = WRONG;
            break;
        case DATA:
            one->hash = (one->hash ^ (unsigned char)c) * 1099511628211ULL;
            one->bytes++;
            if (c == '\n' && one->before == '\n') events++, c = 0;
            one->before = c;
            if (--one->left == 0) one->place = DATA_END;
            break;
        case DATA_END:
            if (c == '\n') one->place = SIZE, one->size = 0;
            else if (c != '\r') one->place = WRONG;
            break;
        default:
            break;
        }
    }
    return events;
}

static int opened(int port, const char *request, size_t size) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    if (fd < 0) fail("socket");
    struct timeval patience = {.tv_sec = 10};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof yes)) fail("SO_TIMESTAMPNS");
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) fail("connect");
    if (write(fd, request, size) != (ssize_t)size) fail("write");
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* Reads once; false when the stream has ended or gone wrong. */
static int readable(struct stream *one) {
    static char data[1 << 16], control[256];
    struct iovec part = {data, sizeof data};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t size = recvmsg(one->fd, &message, 0);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    int64_t read_ns = now_ns(), kernel_ns = read_ns;
    if (size == 0) return 0;
    for (struct cmsghdr *item = CMSG_FIRSTHDR(&message); item; item = CMSG_NXTHDR(&message, item)) {
        if (item->cmsg_level == SOL_SOCKET && item->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec at;
            memcpy(&at, CMSG_DATA(item), sizeof at);
            kernel_ns = at.tv_sec * 1000000000LL + at.tv_nsec;
        }
    }
    long events = take(one, data, (size_t)size);
    if (events) note(one, events, kernel_ns, read_ns);
    return one->place < LAST;
}

static int too_many_miss(int64_t limit_us) {
    for (int which = 0; which < 2; which++) {
        long all = 0, missed = 0;
        for (int bucket = 0; bucket < BUCKETS; bucket++) {
            all += histogram[which][bucket];
            if (bucket * (int64_t)BUCKET_US >= limit_us) missed += histogram[which][bucket];
        }
        if (missed * 100 > all) return 1;
    }
    return 0;
}

static void print_histogram(const char *name, const long *buckets) {
    printf(", \"%s\": [", name);
    for (int bucket = 0; bucket < BUCKETS; bucket++) printf("%s%ld", bucket ? "," : "", buckets[bucket]);
    printf("]");
}

int main(int argc, char **argv) {
    if (argc != 10) {
        fprintf(stderr, "expected 9 arguments, found %d\n", argc - 1);
        return 2;
    }
    int port = atoi(argv[1]), count_wanted = atoi(argv[2]);
    int64_t ramp_ns = atoll(argv[3]) * 1000000, stream_ns = atoll(argv[4]) * 1000000, limit_us = atoll(argv[6]);
    gap_ns = atoll(argv[5]) * 1000;
    uint64_t body_bytes = strtoull(argv[7], 0, 10), body_fnv = strtoull(argv[8], 0, 10);
    long body_events = atol(argv[9]);
    static char request[REQUEST_BYTES];
    size_t request_size = fread(request, 1, sizeof request, stdin);

    struct stream *streams = calloc((size_t)count_wanted, sizeof *streams);
    int poll = epoll_create1(0), open_count = 0, ended = 0, broken_off = 0;
    if (!streams || poll < 0) fail("epoll");
    int64_t begun = now_ns();
    window_from = begun + ramp_ns + SETTLE_MS * 1000000LL;
    window_to = begun + stream_ns;
    int64_t give_up = begun + ramp_ns + stream_ns + GRACE_MS * 1000000LL;
    while (ended < count_wanted) {
        int64_t now = now_ns();
        if (now > give_up) break;
        if (now > window_to && too_many_miss(limit_us)) {
            broken_off = 1;
            break;
        }
        while (open_count < count_wanted && begun + ramp_ns * open_count / count_wanted <= now) {
            struct stream *one = &streams[open_count];
            one->hash = 14695981039346656037ULL;
            one->fd = opened(port, request, request_size);
            struct epoll_event wanted = {.events = EPOLLIN, .data.u32 = (uint32_t)open_count};
            if (epoll_ctl(poll, EPOLL_CTL_ADD, one->fd, &wanted)) fail("epoll_ctl");
            open_count++;
        }
        struct epoll_event ready[256];
        int found = epoll_wait(poll, ready, 256, open_count < count_wanted ? 1 : 50);
        for (int number = 0; number < found; number++) {
            struct stream *one = &streams[ready[number].data.u32];
            if (!readable(one)) {
                close(one->fd);
                one->fd = -1;
                ended++;
            }
        }
    }
    long whole = 0, wrong = 0, events = 0;
    for (int number = 0; number < open_count; number++) {
        struct stream *one = &streams[number];
        int same = one->events == body_events && (!body_fnv || (one->bytes == body_bytes && one->hash == body_fnv));
        events += one->events;
        if (one->fd < 0 && one->place == LAST && same) whole++;
        else if (one->fd < 0) wrong++;
    }
    printf("{\"streams\": %d, \"whole\": %ld, \"wrong\": %ld, \"events\": %ld, \"broken_off\": %s, \"bucket_us\": %d",
           open_count, whole, wrong, events, broken_off ? "true" : "false", BUCKET_US);
    print_histogram("at_write", histogram[0]);
    print_histogram("at_read", histogram[1]);
    printf("}\n");
    return 0;
}
