#!/usr/bin/env node
/**
 * The program `mirage`.
 *
 * It is JavaScript because Node loads its compiler, 40 ms of processor time, to strip types; what it imports is
 * stripped and compiled once and kept between runs, where Node can (22.8 and newer).
 */
import * as module from 'node:module'

if ('enableCompileCache' in module) module.enableCompileCache()
const { mirage } = await import('./cli.ts')
process.exitCode = await mirage(process.argv.slice(2), process.cwd())
