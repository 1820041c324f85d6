A project of one's own.

  $ mirage init mysite
    mysite/config.ts
    mysite/unikernel.ts
    mysite/htdocs/index.html
    mysite/tsconfig.json
    mysite/.gitignore
  Now run: cd mysite && mirage configure && mirage build && mirage run
  $ cat mysite/config.ts
  /** What the unikernel is made of. */
  import { unikernel } from '@mirage/configure'
  import { clock, kvRo, stack } from '@mirage/configure/devices'
  
  export default unikernel<typeof import('./unikernel.ts')>({
    name: 'mysite',
    main: './unikernel.ts',
    devices: { clock: clock(), stack: stack(), files: kvRo('./htdocs') },
    publish: ['8080:80'],
  })
  $ cat mysite/package.json
  {
    "name": "mysite",
    "version": "0.1.0",
    "private": true,
    "type": "module",
    "scripts": {
      "configure": "mirage configure",
      "build": "mirage build",
      "start": "mirage run"
    },
    "dependencies": {
      "@mirage/cli": "0.1.0"
    }
  }
  $ cd mysite && mirage configure
  mysite is configured: kv_ro=crunch (default), net=direct (default), target=unix (default)
  Now run: mirage build

It does not write over anything:

  $ mirage init mysite
  error: mysite/config.ts: is there already; nothing was written
  error: mysite/unikernel.ts: is there already; nothing was written
  error: mysite/htdocs/index.html: is there already; nothing was written
  error: mysite/tsconfig.json: is there already; nothing was written
  error: mysite/.gitignore: is there already; nothing was written
  [1]
  $ mkdir other && touch other/unikernel.ts && mirage init other
  error: other/unikernel.ts: is there already; nothing was written
  [1]
  $ ls -A other
  unikernel.ts

In the current folder it leaves the package.json of npm alone:

  $ mkdir -p third && cd third && echo '{}' > package.json && mirage init && cat package.json
    config.ts
    unikernel.ts
    htdocs/index.html
    tsconfig.json
    .gitignore
  Now run: mirage configure && mirage build && mirage run
  {}

Whatever kind of modules that package.json speaks of:

  $ cd third && mirage configure -q && echo '{ "type": "commonjs" }' > package.json && mirage configure -q

A name that cannot be one:

  $ mirage init 'My Site'
  error: 'My Site' cannot be the name of a project: small letters, digits, - and _
  [124]
