import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Settings } from './arguments.js'
import { defaultContenders } from './arguments.js'
import type { Case } from './cases.js'
import { chooseCases, longGroups, stepFlops } from './cases.js'
import type { ContenderFile } from './contenders.js'
import { listContenders, measure, probe } from './contenders.js'
import { scaleOf, writeData } from './data.js'
import { thisMachine } from './machine.js'
import type { ContenderState, Report, Result } from './report.js'
import { describeMachine } from './report.js'
import { caseTable, sweepTable } from './table.js'
import type { CaseKind, Kind, Probe, Shares, Task, Trial } from './task.js'

const defaultTrials = { short: 5, long: 3 }

/** A contender that is there. */
interface Present extends ContenderFile, Probe {}

/** Measures what the settings ask for, and says each case's figures as they are known. */
export async function runBench(settings: Settings, say: (line: string) => void): Promise<Report> {
  const cases = chooseCases(settings.cases)
  const machine = thisMachine()
  describeMachine(machine).forEach(say)

  const { present, states, others } = await assemble(settings)
  const versions = states.map((state) =>
    'absent' in state ? `${state.name} absent (${state.absent})` : `${state.name} ${state.version}`,
  )
  say(`Contenders: ${versions.join(', ')}`)
  if (others.length > 0) say(`Not asked for: ${others.join(', ')}`)

  const results: Result[] = []
  for (const [i, one] of cases.entries()) {
    const found = await runCase(one, present, settings)
    results.push(...found)
    if (found.length > 0) ['', ...caseTable(found)].forEach(say)
    const isLastOfSweep = one.grows !== undefined && cases[i + 1]?.group !== one.group
    if (isLastOfSweep)
      ['', ...sweepTable(results.filter(({ group }) => group === one.group))].forEach(say)
  }
  return { machine, contenders: states, results }
}

async function assemble({ contenders, python }: Settings) {
  const files = listContenders(python)
  const names = files.map(({ name }) => name)
  const wanted = contenders.length === 0 ? defaultContenders : contenders
  for (const name of wanted)
    if (name !== 'all' && !names.includes(name))
      throw new RangeError(`There is no contender ${name}. There are: ${names.join(', ')}`)
  const isWanted = ({ name }: ContenderFile) => wanted.includes('all') || wanted.includes(name)
  const present: Present[] = []
  const states: ContenderState[] = []
  for (const file of files.filter(isWanted))
    try {
      const answer = await probe(file)
      present.push({ ...file, ...answer })
      states.push({ name: file.name, version: answer.version })
    } catch (error) {
      states.push({
        name: file.name,
        absent: error instanceof Error ? error.message : String(error),
      })
    }
  const others = files.filter((file) => !isWanted(file)).map(({ name }) => name)
  return { present, states, others }
}

/** A contender at a number of threads, and what it has measured so far. */
interface Entry {
  readonly contender: Present
  readonly threads: number | undefined
  readonly trials: Trial[]
  shares?: Shares | undefined
  missing?: string
}

/** Trial by trial, the contenders take turns: a machine whose speed drifts favours none. */
async function runCase(
  one: Case,
  present: readonly Present[],
  settings: Settings,
): Promise<Result[]> {
  const entries = present
    .filter(({ kinds }) => kinds.includes(one.kind))
    .flatMap((contender) =>
      threadsFor(contender, one, settings.threads).map((threads): Entry => {
        return { contender, threads, trials: [] }
      }),
    )
  if (entries.length === 0) return []
  const usual = longGroups.includes(one.group) ? defaultTrials.long : defaultTrials.short
  const folder = await mkdtemp(join(tmpdir(), 'gemmnet-bench-'))
  /** A contender that once had no answer is asked no more. */
  const ask = async (entry: Entry, kind: Kind): Promise<Trial | undefined> => {
    if (entry.missing !== undefined) return undefined
    const task = { ...taskOf(one, entry.threads, settings.seconds, folder), kind }
    try {
      const answer = await measure(entry.contender, task, settings.limit)
      if (answer.skipped === undefined) return answer
      entry.missing = answer.skipped
    } catch (error) {
      entry.missing = error instanceof Error ? error.message : String(error)
    }
    return undefined
  }
  try {
    await writeData(one, folder)
    for (let trial = 0; trial < (settings.trials ?? usual); trial++)
      for (const entry of entries) {
        const answer = await ask(entry, one.kind)
        if (answer !== undefined) entry.trials.push(answer)
      }
    // Only now: telling the shares costs time.
    for (const entry of entries)
      if (one.kind === 'step' && entry.contender.kinds.includes('shares'))
        entry.shares = (await ask(entry, 'shares'))?.shares
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return entries.map((entry) => resultOf(one, entry))
}

/** Kinds that no number of threads changes. */
const unthreaded: readonly CaseKind[] = ['import', 'memory', 'eventLoop']

function threadsFor(
  { threads }: Present,
  one: Case,
  asked: readonly number[],
): (number | undefined)[] {
  if (threads === 'one' || unthreaded.includes(one.kind)) return [undefined]
  if (one.threads !== undefined) return [one.threads]
  if (asked.length > 0) return [...asked]
  if (threads === 'automatic') return [undefined]
  return [...new Set([1, availableParallelism()])]
}

function taskOf(one: Case, threads: number | undefined, seconds: number, folder: string): Task {
  const { kind, name, widths, batch, optimizer, learningRate, activation, epochs } = one
  const scale = scaleOf(one)
  const network = { widths, batch, optimizer, learningRate, activation, epochs, scale }
  return { kind, case: name, ...network, threads, seconds, folder }
}

function resultOf(one: Case, { contender, threads, trials, shares, missing }: Entry): Result {
  const last = trials.at(-1)
  return {
    case: one.name,
    group: one.group,
    kind: one.kind,
    contender: contender.name,
    threads,
    values: trials.map(({ value }) => value ?? NaN),
    loss: last?.loss,
    accuracy: last?.accuracy,
    note: last?.note,
    shares,
    missing,
    grows: one.grows,
    flops: one.kind === 'step' ? stepFlops(one) : 0,
  }
}
