Building links what is used into one file, and says what every package puts into it.

  $ cp -r $FIXTURES/site/. . && mirage configure -q
  $ mirage build | sed 's/^ *[0-9]*/N/; s/([0-9]*/(N/' | sort
  N  @mirage/argument
  N  @mirage/bytes
  N  @mirage/clock
  N  @mirage/console
  N  @mirage/kv
  N  @mirage/kv-crunch
  N  @mirage/result
  N  @mirage/runtime
  N  @mirage/target-node
  N  dist/site.mjs (N with gzip)
  N  files in ./htdocs
  N  this project
  N  wiring

What is up to date is left alone, and its sizes are told again:

  $ mirage build > again.txt; tail -n 1 again.txt; sed '$d' again.txt | sed 's/^ *[0-9]*/N/; s/([0-9]*/(N/' | sort | tail -n 4
  dist/site.mjs is up to date
  N  dist/site.mjs (N with gzip)
  N  files in ./htdocs
  N  this project
  N  wiring
  $ rm again.txt; touch -d '1 hour ago' unikernel.ts && mirage build -q && mirage build | tail -n 1
  dist/site.mjs is up to date

A new file, and a file that is gone, are changes:

  $ echo more > htdocs/more.txt && mirage run 2>&1 | sed 's/^site for unix.*/built/; s/^.* APP/APP/' | sort
  APP [site] index.html more.txt
  built
  $ rm htdocs/more.txt && mirage run -q 2>&1 | sed 's/^.* APP/APP/'
  APP [site] index.html

The same sources give the same bytes, wherever they are; no path of this machine is in them:

  $ cp dist/site.mjs first.mjs && cp dist/site.mjs.map first.map && mirage clean && mirage configure -q && mirage build -q
  $ cmp first.mjs dist/site.mjs && cmp first.map dist/site.mjs.map && rm first.*
  $ grep -c -e "$PWD" -e /home -e /tmp dist/site.mjs dist/site.mjs.map
  dist/site.mjs:0
  dist/site.mjs.map:0
  [1]

What cannot be built leaves what was built before, and is not run:

  $ sum=$(sha256sum dist/*) && cp unikernel.ts kept.ts && echo 'const broken: number = "text"' >> unikernel.ts
  > mirage build; mirage run; test "$sum" = "$(sha256sum dist/*)" && echo unchanged && mv kept.ts unikernel.ts
  error: unikernel.ts:12:7: Type 'string' is not assignable to type 'number'.
  error: unikernel.ts:12:7: Type 'string' is not assignable to type 'number'.
  unchanged
  $ rm -r htdocs && mirage build
  error: config.ts:7:44: files: there is no folder ./htdocs
  [1]
  $ cp -r $FIXTURES/site/htdocs . && ls dist
  site.mjs
  site.mjs.map

A folder that is named from the root is that folder:

  $ cp config.ts kept.config && sed -i "s#'./htdocs'#'$PWD/htdocs'#" config.ts && mirage build -q && mv kept.config config.ts && mirage build -q
  $ ln -s nowhere htdocs/broken && mirage build 2>&1 | sed "s|$PWD/||"; rm htdocs/broken
  error: htdocs/broken cannot be read: no such file or folder

An import that leads nowhere is told once:

  $ cp unikernel.ts kept.ts && sed -i "1i import './nowhere.ts'" unikernel.ts && mirage build
  error: unikernel.ts:1:8: Cannot find module or type declarations for side-effect import of './nowhere.ts'.
  [1]
  $ mv kept.ts unikernel.ts

Somewhere else:

  $ mirage configure -q -o out/other.mjs && mirage build -q && ls out
  other.mjs
  other.mjs.map
  $ touch out/mine && mirage clean && ls -A . out
  .:
  config.ts
  htdocs
  out
  unikernel.ts
  
  out:
  mine

The host refuses:

  $ mkdir refuses && cp -r config.ts unikernel.ts htdocs refuses && cd refuses && mirage configure -q && mirage build -q && rm dist/site.mjs.map && mkdir -p dist/site.mjs.map/in && mirage clean; rm -r dist/site.mjs.map && mirage clean && ls -A
  error: dist/site.mjs.map cannot be removed: it is a folder
  config.ts
  htdocs
  unikernel.ts

  $ mirage configure -q -o /proc/site.mjs && mirage build
  error: /proc/site.mjs cannot be written: no such file or folder
  [123]
