/* Devices of the manifest get devices of the machine, before the application begins. */
#ifndef ATTACH_H
#define ATTACH_H

#include "notes.h"
#include "virtio.h"

/** The manifest of this image. */
static inline const struct mft *manifest(void) { return (const struct mft *)&manifest_note.version; }

/** Attaches every device of the manifest: one that the machine does not have ends the guest, with its name. */
void attach_all(void);

/** net.c, block.c: readies a device for entry `handle`. Null, or why it cannot be used. */
const char *net_attach(unsigned handle, struct virtio *device);
const char *block_attach(unsigned handle, struct virtio *device);

/** entropy.c: readies the machine's source of randomness, if it has one. */
void entropy_attach(void);

#endif
