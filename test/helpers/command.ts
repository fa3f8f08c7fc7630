import type { ChildProcess, ChildProcessByStdio } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/** The compiled program. */
export const program = fileURLToPath(new URL('../../lib/cli/main.js', import.meta.url))

// A sanitizer's runtime, if there is one, is for Node and not for the shell or terminal around it.
const { LD_PRELOAD: preload, ...others } = process.env
/** The environment for shells and terminals. */
export const environment: NodeJS.ProcessEnv = others
/** How a shell starts Node. */
export const exec = preload === undefined ? 'exec' : `LD_PRELOAD='${preload}' exec`

/**
 * Whether a command can be run in a pseudo-terminal: by util-linux's `script`, which every Linux has
 * (a minimal Debian in the essential package bsdutils). Elsewhere `script` takes other flags.
 */
export const hasTerminals = process.platform === 'linux'

/** What terminals are told things with. */
export const escape = '\x1b'

/** How a program ended. */
export interface Ended {
  readonly stdout: string
  readonly stderr: string
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Starts `gemmnet` in a folder. */
export function start(
  folder: string,
  args: readonly string[],
): ChildProcessByStdio<null, Readable, Readable> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return child
}

/** Stops `gemmnet` by SIGINT as soon as it shows progress. */
export async function interrupt(folder: string, args: readonly string[]): Promise<Ended> {
  const child = start(folder, args)
  child.stderr.once('data', () => child.kill('SIGINT'))
  return ended(child)
}

/** Waits for a process to end. */
export async function ended(child: ChildProcess): Promise<Ended> {
  const read = async (stream: ChildProcess['stdout']) =>
    stream === null || stream.destroyed ? '' : text(stream)
  const [stdout, stderr, end] = await Promise.all([
    read(child.stdout),
    read(child.stderr),
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
  ])
  return { stdout, stderr, code: end[0], signal: end[1] }
}

/** Runs `gemmnet` in a pseudo-terminal; what follows it may have redirections. */
export async function inTerminal(
  folder: string,
  args: string,
  options: TerminalOptions = {},
): Promise<Ended> {
  return commandInTerminal(folder, `${exec} "${process.execPath}" "${program}" ${args}`, options)
}

/** Runs a command of a shell in a pseudo-terminal, of 40 columns where nothing else is said. */
export async function commandInTerminal(
  folder: string,
  command: string,
  { type, after = '', columns = 40, variables = {} }: TerminalOptions = {},
): Promise<Ended> {
  const sized = `stty cols ${columns}; ${command}`
  const child = spawn('script', ['--quiet', '--return', '--command', sized, '/dev/null'], {
    cwd: folder,
    env: { ...environment, TERM: 'xterm', SHELL: '/bin/sh', ...variables },
  })
  let said = ''
  const answer = (chunk: Buffer) => {
    said += chunk.toString()
    if (!said.includes(after)) return
    child.stdout.off('data', answer)
    if (type !== undefined) child.stdin.write(type)
  }
  child.stdout.on('data', answer)
  return ended(child)
}

/** The lines that a terminal was told to show, also those that were rewritten, without what moves the cursor. */
export function shownLines(output: string): string[] {
  return output
    .split(new RegExp(`\r\n|${escape}\\[1G|${escape}\\[2K`))
    .map((line) => line.replace(new RegExp(`${escape}(\\[0K|[78])`, 'g'), ''))
    .filter((line) => line !== '')
}

interface TerminalOptions {
  /** What is typed. */
  readonly type?: string
  /** The output after which it is. Default: any. */
  readonly after?: string
  readonly columns?: number
  /** Of the environment. */
  readonly variables?: NodeJS.ProcessEnv
}
