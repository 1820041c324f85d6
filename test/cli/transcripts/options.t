Options are chosen when configuring, and remembered.

  $ cp -r $FIXTURES/site/. . && sed -i 's/crunch/kvRo/' config.ts

Before that, there is nothing to build or run:

  $ mirage build
  error: Configuration is not available. Please run configure.
  [1]
  $ mirage run
  error: Configuration is not available. Please run configure.
  [1]

Words that are wrong end with exit code 124:

  $ mirage configure --kv_ro floppy
  error: option --kv_ro: invalid value "floppy", expected crunch or direct
  [124]
  $ mirage configure --kv-ro direct
  error: unknown option --kv-ro, did you mean --kv_ro?
  [124]
  $ mirage configure --target hvt
  error: option --target: hvt is not there yet, choose unix or macosx or spt or virtio
  [124]
  $ mirage configure -t vax
  error: option --target: invalid value "vax", expected unix, macosx, spt or virtio
  [124]
  $ mirage configure --verbose=perhaps
  error: option --verbose: invalid value "perhaps", expected true or false
  [124]
  $ mirage configure --output
  error: option --output: needs a value, expected text
  [124]
  $ mirage configure extra
  error: unexpected argument "extra"
  [124]
  $ mirage confgure
  error: unknown command confgure, did you mean configure?
  [124]
  $ mirage --versoin
  error: unknown option --versoin, did you mean --version?
  [124]
  $ mirage -q configure
  error: unknown option -q: the command comes first
  [124]
  $ mirage configure -f .
  error: configuration file . is a folder
  [1]
  $ mirage describe --dot --mermaid
  error: either --dot or --mermaid, not both
  [124]

The options of a project are in its help:

  $ mirage configure --help
  usage: mirage configure [options]
  
  Checks config.ts, and remembers the options that were chosen.
  
  Options
    -o, --output FILE           The image, from the folder of the configuration.
    -t, --target unix|macosx|spt|virtio
                                What the unikernel runs on. (default unix)
    --kv_ro crunch|direct       Where read-only stores have their files: in the
                                image (crunch), or in a folder of the host
                                (direct). (default crunch)
  
  Options of every command
    -f, --file FILE             The configuration. (default config.ts)
    -v, --verbose               Say more.
    -q, --quiet                 Say nothing but errors.
    --color auto|always|never   Whether to use colours. (default auto)
    -h, --help                  Show this.

What was chosen is remembered until the next `configure`:

  $ mirage configure --kv_ro direct
  site is configured: kv_ro=direct, target=unix (default)
  Now run: mirage build
  $ cat .mirage/context
  {
    "choices": {
      "kv_ro": "direct",
      "target": "unix"
    }
  }
  $ mirage describe
  Name     site
  Main     ./unikernel.ts
  Options  kv_ro=direct, target=unix (default)
  Output   dist/site.mjs
  Devices
    clock   target: clock
    folder  "./htdocs"
    files   target: kv     needs folder
  $ mirage configure
  site is configured: kv_ro=crunch (default), target=unix (default)
  Now run: mirage build
  $ mirage describe
  Name     site
  Main     ./unikernel.ts
  Options  kv_ro=crunch (default), target=unix (default)
  Output   dist/site.mjs
  Devices
    clock  target: clock
    files  files: ./htdocs

What describes a choice shows it as a choice, or as it was chosen:

  $ mirage describe --dot --no-eval
  digraph G {
    ordering="out";
    0 [label="site\n./unikernel.ts", shape="box"];
    1 [label="clock\ntarget: clock", shape="box"];
    2 [label="If\nkv_ro", shape="circle"];
    3 [label="crunch\nfiles: ./htdocs", shape="box"];
    4 [label="kv\ntarget: kv", shape="box"];
    5 [label="constant\n\"./htdocs\"", shape="box"];
    0 -> 1 [label="clock", style="solid"];
    2 -> 3 [label="crunch", style="bold"];
    4 -> 5 [label="folder", style="solid"];
    2 -> 4 [label="direct", style="dotted"];
    0 -> 2 [label="files", style="solid"];
  }
  $ mirage describe --mermaid
  graph TD
    n0["site<br/>./unikernel.ts"]
    n1["clock<br/>target: clock"]
    n2["crunch<br/>files: ./htdocs"]
    n0 -->|clock| n1
    n0 -->|files| n2
  $ mirage describe --mermaid --kv_ro direct -o graph.mmd && cat graph.mmd
  graph TD
    n0["site<br/>./unikernel.ts"]
    n1["clock<br/>target: clock"]
    n2["kv<br/>target: kv"]
    n3["constant<br/>#quot;./htdocs#quot;"]
    n0 -->|clock| n1
    n2 -->|folder| n3
    n0 -->|files| n2

What remembers may be damaged, or too old for the configuration:

  $ echo '{"choices": ' > .mirage/context
  $ mirage build
  error: Invalid cached configuration. Please run configure again.
  [1]
  $ mirage describe
  error: Invalid cached configuration. Please run configure again.
  [1]
  $ echo '{"choices": {"kv_ro": "floppy", "target": "unix"}}' > .mirage/context
  $ mirage build
  error: Invalid cached configuration. Please run configure again.
  [1]
  $ mirage configure -q
  $ mirage describe -q | head -n 1
  Name     site

Help and version:

  $ mirage --version
  0.1.0
  $ mirage
  usage: mirage COMMAND [options]
  
  Builds unikernels of TypeScript, and runs them.
  
    init       Makes a project: a unikernel that serves a page.
    configure  Checks config.ts, and remembers the options that were chosen.
    build      Links the unikernel, and says what every package puts into it.
    run        Builds the unikernel if that is needed, and runs it.
    describe   Says what the unikernel is made of.
    clean      Removes what configure and build made, and nothing else.
    help       Shows this, or the help of a command or topic.
  
  mirage help COMMAND tells more about one, mirage help topics lists what else
  there is, mirage --version says which mirage this is.
  $ mirage help topics
  init
  configure
  build
  run
  describe
  clean
  help
  options
  network
  exit-codes
  $ mirage help exit-codes
  Exit codes
  
      0     all is well
      1     the configuration is wrong
      123   the host refused: a port is busy, a file cannot be written
      124   the command line is wrong
      125   a bug in this tool
  mirage run ends with the exit code of the unikernel:
      0     it ended in order
      1     a device could not be connected, or the application failed
      63    it showed its help or its version
      64    its arguments are wrong
      255   an exception that nobody caught
  $ mirage help clean
  usage: mirage clean [options]
  
  Removes what configure and build made, and nothing else.
  
  Options of every command
    -f, --file FILE             The configuration. (default config.ts)
    -v, --verbose               Say more.
    -q, --quiet                 Say nothing but errors.
    --color auto|always|never   Whether to use colours. (default auto)
    -h, --help                  Show this.
  $ mirage help claen
  error: there is no topic claen: did you mean clean?
  [124]
