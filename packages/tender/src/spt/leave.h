/* What the launcher gives up before the guest runs, though the filter keeps the guest from most of it. */
#ifndef LEAVE_H
#define LEAVE_H

#include "manifest.h"
#include "spt.h"

/** Wipes the environment, which lies in the guest's reach: memory is all that the filter does not guard. */
void forget_environment(void);

/** Closes every descriptor but the standard ones and the guest's: whoever has its other end is to see it closed. */
void close_others(const struct spt_boot_info *info, const struct mft *manifest);

#endif
