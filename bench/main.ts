import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findPackageRoot } from '../lib/package_root.js'
import type { Command, Settings } from './arguments.js'
import { defaultContenders, help, readArguments } from './arguments.js'
import { judge, readFloors, verdictTable } from './check.js'
import { compareReports } from './compare.js'
import { toPage } from './page.js'
import { modelTable } from './model.js'
import { updateReadme } from './readme.js'
import type { Report } from './report.js'
import { mergeReports, readReport } from './report.js'
import { runBench } from './run.js'

// The bench: docs/benchmark.md. Ends with 1 where a floor is broken, with 2 for a wrong command line.

const say = (line: string) => {
  console.log(line)
}

async function measure(settings: Settings): Promise<Report> {
  const report = await runBench(settings, say)
  if (settings.json !== undefined)
    await writeFile(settings.json, `${JSON.stringify(report, null, 2)}\n`)
  if (settings.html !== undefined) await writeFile(settings.html, await toPage(report))
  return report
}

async function check(settings: Settings): Promise<void> {
  const floors = await readFloors(join(findPackageRoot(), 'bench', 'floors.json'))
  const cases = [...new Set(floors.map((floor) => floor.case))]
  const chosen = settings.cases.length === 0 ? cases : settings.cases
  const report = await measure({ ...settings, cases: chosen })
  const verdicts = judge(floors, report.results)
  ;['', ...verdictTable(verdicts)].forEach(say)

  const problems = verdicts
    .filter(({ outcome }) => outcome === 'broken')
    .map((floor) => {
      const figure = floor.ratio?.toFixed(2) ?? 'missing'
      return `${floor.case}: gemmnet over ${floor.over} is ${figure}, at most ${floor.atMost.toFixed(2)}`
    })
  for (const state of report.contenders)
    if ('absent' in state && defaultContenders.includes(state.name))
      problems.push(`${state.name} is absent: ${state.absent}`)
  if (verdicts.every(({ outcome }) => outcome === 'not measured'))
    problems.push('No floor was measured')
  problems.forEach((problem) => {
    console.error(problem)
  })
  if (problems.length > 0) process.exitCode = 1
}

async function compare(before: string, after: string): Promise<void> {
  compareReports(await readReport(before), await readReport(after)).forEach(say)
}

const readReports = async (files: readonly string[]) =>
  mergeReports(await Promise.all(files.map(readReport)))

async function writeReadme(files: readonly string[]): Promise<void> {
  const path = join(findPackageRoot(), 'README.md')
  const report = await readReports(files)
  await writeFile(path, updateReadme(await readFile(path, 'utf8'), report))
  say(`Wrote the figures of ${report.machine.date} into ${path}`)
}

async function model(files: readonly string[]): Promise<void> {
  modelTable(await readReports(files)).forEach(say)
}

async function run(command: Command): Promise<void> {
  switch (command.name) {
    case 'help':
      say(help)
      return
    case 'compare':
      return compare(command.before, command.after)
    case 'readme':
      return writeReadme(command.files)
    case 'model':
      return model(command.files)
    case 'check':
      return check(command.settings)
    case 'run':
      await measure(command.settings)
  }
}

try {
  await run(readArguments(process.argv.slice(2)))
} catch (error) {
  // The command line's mistakes, files included, are sentences; a bug keeps its stack.
  const { code, syscall } = error as { code?: string; syscall?: string }
  const isMistake =
    error instanceof RangeError ||
    code?.startsWith('ERR_PARSE_ARGS') === true ||
    syscall !== undefined
  if (!isMistake) throw error
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 2
}
