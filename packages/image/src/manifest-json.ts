/** Manifests as Solo5's tools write them for people: JSON. */
import { type Result, err, ok } from '@mirage/result'
import { DEVICES_MAX, type Device, type DeviceType, isDeviceName } from './manifest.ts'

/** The devices that a manifest names, or one sentence about what is wrong with it. */
export function parseManifestJson(text: string): Result<readonly Device[], string> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return err((error as Error).message)
  }
  if (!isRecord(value)) return err('expected an object')
  const unknown = Object.keys(value).find((key) => !['type', 'version', 'devices'].includes(key))
  if (unknown !== undefined) return err(`unknown key: ${unknown}`)
  const { type, version, devices } = value
  if (type === undefined) return err('missing .type')
  if (type !== TYPE) return err(`.type: invalid value, expected "${TYPE}"`)
  if (version === undefined) return err('missing .version')
  if (version !== VERSION)
    return err(`.version: invalid version ${JSON.stringify(version)}, expected ${VERSION}`)
  if (!Array.isArray(devices)) return err('missing .devices[]')
  if (devices.length > DEVICES_MAX) return err(`.devices[]: too many entries, maximum ${DEVICES_MAX}`)
  return readDevices(devices)
}

/** The manifest of an image that wants `devices`. */
export function formatManifestJson(devices: readonly Device[]): string {
  const named = devices.map(({ name, type }) => ({ name, type }))
  return `${JSON.stringify({ type: TYPE, version: VERSION, devices: named }, undefined, 2)}\n`
}

const TYPE = 'solo5.manifest'
const VERSION = 1
const TYPES: readonly DeviceType[] = ['BLOCK_BASIC', 'NET_BASIC']

function readDevices(values: readonly unknown[]): Result<readonly Device[], string> {
  const devices: Device[] = []
  for (const value of values) {
    if (!isRecord(value)) return err('.devices[]: expected an object')
    const unknown = Object.keys(value).find((key) => !['name', 'type'].includes(key))
    if (unknown !== undefined) return err(`unknown key: ${unknown}`)
    const { name } = value
    if (name === undefined) return err('missing .name')
    if (typeof name !== 'string' || !isDeviceName(name)) {
      return err('.name: invalid value, expected 1 to 67 letters and digits')
    }
    if (devices.some((device) => device.name === name)) return err(`.name: '${name}' is there twice`)
    if (value['type'] === undefined) return err('missing .type')
    const type = TYPES.find((each) => each === value['type'])
    if (type === undefined)
      return err(`.type: invalid value, expected ${TYPES.map((each) => `"${each}"`).join(' or ')}`)
    devices.push({ name, type })
  }
  return ok(devices)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
