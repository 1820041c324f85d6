/* What the files of this binding share. */
#ifndef BINDING_H
#define BINDING_H

#include "manifest.h"
#include "spt.h"

/** What the launcher told at the start. */
extern const struct spt_boot_info *boot_info;

/** The manifest, with the devices that the launcher attached. */
static inline const struct mft *boot_manifest(void) { return boot_info->mft; }

#endif
