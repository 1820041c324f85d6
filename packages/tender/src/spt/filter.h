/* The seccomp filter of a guest: which system calls it may make, with which arguments. */
#ifndef FILTER_H
#define FILTER_H

#include "manifest.h"

/**
 * From here on this process may do what the public spt ABI lists, on these descriptors and those of the devices, and
 * nothing else: the kernel ends it with SIGSYS, which a shell calls status 159.
 */
void filter_install(const struct mft *manifest, int epollfd, int timerfd);

#endif
