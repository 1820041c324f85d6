Running shows what was built, then what the unikernel says.

  $ cp -r $FIXTURES/site/. . && mirage configure -q
  $ mirage run 2>/dev/null | sed 's/[0-9.]* kB/N kB/g'
  site for unix: dist/site.mjs (N kB, N kB with gzip)
  $ mirage run -q 2>&1 | sed 's/^.* APP/APP/'
  APP [site] index.html

A reader that goes away is no reason to stop, nor to complain; a disk that is full is one:

  $ { mirage run; echo "exit code $?" >&2; } 2> log.txt | true; sed 's/^.* APP/APP/' log.txt; rm log.txt
  APP [site] index.html
  exit code 0
  $ mirage describe > /dev/full
  error: nothing can be shown: no space left
  [123]

Words that the tool does not know are for the unikernel, and so is everything after `--`:

  $ mirage run -q --logs=quiet
  $ mirage run -q -- --version | head -n 2
  site for unix
    @mirage/argument 0.1.0
  $ mirage run -q --bogus
  site: unknown option --bogus
  [64]
  $ mirage run --publish=80
  error: option --publish: invalid value "80", expected <host port>:<port of the unikernel>
  [124]

The exit code is the unikernel's:

  $ sed -i "s/log.app.*/return { ok: false, error: 'nothing to do' }/; s/Promise<void>/Promise<{ ok: false; error: string }>/" unikernel.ts
  $ mirage run -q
  site: nothing to do
  [1]
  $ sed -i "s/  return .*/  throw new Error('boom')/" unikernel.ts
  $ mirage run -q 2>&1 | sed "s|at .* ($PWD/|at (|" | head -n 2
  site: uncaught exception: Error: boom
      at (unikernel.ts:10:9)

A device may refuse as well:

  $ cp $FIXTURES/site/unikernel.ts . && sed -i 's/crunch/directKv/g' config.ts && mirage configure -q && mirage run -q 2>&1 | sed 's/^.* APP/APP/'
  APP [site] index.html
  $ rm -r htdocs && mirage run -q
  site: files: cannot open the folder ./htdocs: ENOENT: no such file or directory
  [1]

Ctrl-C ends it in order:

  $ cp -r $FIXTURES/site/htdocs . && sed -i 's/^  log.app.*/&\n  await new Promise(() => {})/' unikernel.ts
  $ mirage run -q > out.txt 2>&1 & tool=$!; while ! grep -qs index out.txt; do sleep 0.05; done; kill -INT $tool; wait $tool
