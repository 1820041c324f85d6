/* The command line of a guest. */
#ifndef CMDLINE_H
#define CMDLINE_H

/** Where the unikernel's own words begin: the words before them that begin with `--solo5:` are not for it. */
const char *cmdline_strip(const char *cmdline);

#endif
