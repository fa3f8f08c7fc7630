import test from 'ava'
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commandInTerminal, ended, hasTerminals, start } from './helpers/command.js'

// The scripts that complete words in a shell.

let folder: string
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gemmnet-test-'))
  await writeFile(join(folder, 'flowers.csv'), '')
  await writeFile(join(folder, 'gemmnet.bash'), (await gemmnet('completion', 'bash')).stdout)
  // In place of the program: its words are all that matters here.
  const program = `gemmnet() { printf 'ran:'; printf '<%s>' "$@"; echo; }`
  await writeFile(join(folder, 'rc'), `PS1='$ '; . ./gemmnet.bash; ${program}\n`)
})
test.after.always(async () => {
  await rm(folder, { recursive: true })
})

const gemmnet = async (...args: readonly string[]) => ended(start(folder, args))

const hasBash = spawnSync('bash', ['--version']).status === 0
const withBash = hasBash && hasTerminals ? test.serial : test.serial.skip

/** What an interactive bash shows when this is typed, tabs and all. */
async function typed(keys: string): Promise<string> {
  const command = 'exec bash --noprofile --rcfile rc -i'
  const options = { columns: 200, type: `${keys}exit\n`, after: '$ ' }
  return (await commandInTerminal(folder, command, options)).stdout
}

/** The words that it then runs. */
const ran = async (keys: string) => /^ran:(.*?)\r?$/m.exec(await typed(`${keys}\n`))?.[1]

withBash('an interactive bash completes commands, flags, their values, and files', async (t) => {
  t.is(await ran('gemmnet tra\t'), '<train>')
  t.is(
    await ran('gemmnet tra\tflow\t--tar\tkind --task reg\t--thr\t2'),
    '<train><flowers.csv><--target><kind><--task><regression><--threads><2>',
  )
  t.is(await ran('gemmnet completion z\t'), '<completion><zsh>')
  t.is(await ran('gemmnet ben\t--js\t'), '<bench><--json>')
  t.is(await ran('gemmnet nothing\t'), '<nothing>') // begins so
})

withBash('two tabs list what there is', async (t) => {
  t.regex(await typed('gemmnet train --task \t\t\x15'), /classification +regression/)
})

test.serial('the scripts of all shells know every command and flag', async (t) => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout, code } = await gemmnet('completion', shell)
    t.is(code, 0)
    for (const word of ['train', 'predict', 'bench', 'optimal-error', 'batch-size', 'regression'])
      t.true(stdout.includes(word), `${shell}: ${word}`)
  }
  t.is((await gemmnet('completion', 'tcsh')).code, 2)
})
