/* Attaching what the manifest asks for to what the command line offers. */
#ifndef DEVICES_H
#define DEVICES_H

#include "manifest.h"

/**
 * Takes an option of a device: `--net:NAME=@FD`, `--net:NAME=TAP`, `--net-mac:NAME=MAC`, `--block:NAME=PATH`,
 * `--block-sector-size:NAME=SIZE`. Anything wrong with it, an unknown option too, ends the launcher with a sentence.
 */
void device_option(struct mft *manifest, const char *option);

/** Completes the entries (addresses, block sizes) once all options are taken; a device left out ends the launcher. */
void devices_complete(struct mft *manifest);

#endif
