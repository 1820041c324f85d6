#!/usr/bin/env node
/** The program `mirage`. */
import * as module from 'node:module'

// Compiled code is kept between runs, where Node can (22.8 and newer): half of the time of a start is compiling.
if ('enableCompileCache' in module) module.enableCompileCache()
const { mirage } = await import('./cli.ts')
process.exitCode = await mirage(process.argv.slice(2), process.cwd())
