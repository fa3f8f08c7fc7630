import type { Command } from 'commander'
import { Option } from 'commander'
import { access, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expected, unknownOption } from '../errors.js'
import { Failure } from './failure.js'
import { pathFlag, toList } from './flags.js'

/** The flag for a file of flags. */
export function configFlag(): Option {
  return pathFlag(
    '--config',
    'file',
    '.json file, or default export of a .js or .mjs module (.ts and .mts too from Node 22.18 on), of flags in camelCase; those that are given count more',
  )
}

/**
 * Sets the flags that the user has not given as the file of `--config` says.
 *
 * @returns what the file says of arguments: `data`
 * @throws Failure if it cannot be read, or says what the command does not know
 */
export async function applyConfig(command: Command): Promise<{ readonly data?: string }> {
  const { config: path } = command.opts<{ config?: string }>()
  if (path === undefined) return {}
  const { data, ...flags } = await readConfig(path)
  if (data !== undefined && typeof data !== 'string')
    throw wrong(path, expected('data', 'a path', data))
  const known = new Map(command.options.map((option) => [option.attributeName(), option]))
  known.delete('config')
  for (const [name, value] of Object.entries(flags)) {
    const option = known.get(name)
    if (option === undefined)
      throw wrong(path, unknownOption(name, command.name(), ['data', ...known.keys()]).message)
    if (command.getOptionValueSource(name) === 'cli') continue
    command.setOptionValueWithSource(name, toValue(option, value, path), 'config')
  }
  return { ...(data !== undefined && { data }) }
}

/** A flag's value, by the flag's own check. */
function toValue(option: Option, value: unknown, path: string): unknown {
  if (option.isBoolean()) {
    if (typeof value === 'boolean') return value
    throw wrong(path, expected(option.attributeName(), 'true or false', value))
  }
  const text = Array.isArray(value) ? toList(value) : value
  if (typeof text !== 'string' && typeof text !== 'number')
    throw wrong(path, expected(option.attributeName(), 'a text, a number or an array', value))
  try {
    // commander's type says that it returns nothing.
    const parse = option.parseArg as ((text: string, before: unknown) => unknown) | undefined
    return parse === undefined ? String(text) : parse(String(text), undefined)
  } catch (error) {
    throw wrong(path, error instanceof Error ? error.message : String(error), error)
  }
}

async function readConfig(path: string): Promise<Readonly<Record<string, unknown>>> {
  const config = /\.[cm]?[jt]s$/.test(path) ? await importDefault(path) : await readJson(path)
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    throw wrong(path, 'expected an object of flags')
  return config as Record<string, unknown>
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8')
  try {
    return JSON.parse(text)
  } catch (error) {
    throw wrong(path, `not JSON: ${error instanceof Error ? error.message : ''}`, error)
  }
}

async function importDefault(path: string): Promise<unknown> {
  await access(path) // whose error is clearer than that of an import
  try {
    const module = (await import(pathToFileURL(resolve(path)).href)) as { default?: unknown }
    return module.default
  } catch (error) {
    throw wrong(path, whyNotImported(error as NodeJS.ErrnoException), error)
  }
}

function whyNotImported({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION')
    return `Node ${process.version} imports no TypeScript (22.18 and later do): write it as .js or .json`
  // What Node says of the export in a package that is CommonJS.
  if (message.startsWith("Unexpected token 'export'"))
    return `${message}: in a CommonJS package a module ends in .mjs or .mts`
  return message
}

function wrong(path: string, message: string, cause?: unknown): Failure {
  return new Failure(`${path}: ${message}`, { exitCode: 2, cause })
}
