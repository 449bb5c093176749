/* One way to end badly per word on the command line. */
#include <assert.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int count;

static void *add(void *unused) {
    count++;
    return unused;
}

__attribute__((noinline)) static int read_after_free(void) {
    int *kept = malloc(sizeof *kept);
    *kept = 1;
    free(kept);
    return *(volatile int *)kept;
}

__attribute__((noinline)) static int past_the_end(volatile int at) {
    volatile int list[4] = {0};
    return list[at];
}

__attribute__((noinline)) static void smash(const char *text) {
    volatile char small[8];
    volatile char *to = small;
    for (size_t at = 0; at < 64; at++) to[at] = text[at % 4];
}

int main(int argc, char **argv) {
    const char *way = argv[1];
    if (!strcmp(way, "use-after-free")) return read_after_free();
    if (!strcmp(way, "overflow")) return past_the_end(argc + 3);
    if (!strcmp(way, "leak")) return malloc(argc * 10) == NULL;
    if (!strcmp(way, "integer")) {
        volatile int large = INT_MAX;
        return large + argc;
    }
    if (!strcmp(way, "shift")) return 1 << (argc + 40);
    if (!strcmp(way, "null")) return *(volatile int *)(argc - 2);
    if (!strcmp(way, "assert")) assert(argc == 1);
    if (!strcmp(way, "smash")) smash("abcd");
    if (!strcmp(way, "double-free")) {
        void *volatile kept = malloc(10);
        free(kept);
        free(kept);
    }
    if (!strcmp(way, "invalid-free")) free((char *)malloc(100) + 8);
    if (!strcmp(way, "fortify")) {
        char small[4];
        strcpy(small, argv[2]);
        puts(small);
    }
    if (!strcmp(way, "race")) {
        pthread_t threads[2];
        for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, add, NULL);
        for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    }
    return 0;
}
