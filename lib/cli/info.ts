import { Command } from 'commander'
import { jsonFlag } from './flags.js'
import type { Terminal } from './terminal.js'

/** `gemmnet info` */
export function info(terminal: Terminal): Command {
  return new Command('info')
    .summary('versions, BLAS, instruction set, threads')
    .description(
      'Prints what runs here, for bug reports: versions, which BLAS multiplies matrices and with ' +
        'which kernel, which instruction set the loops use, and how many threads there can be.',
    )
    .addOption(jsonFlag())
    .action(async ({ json = false }: { json?: boolean }) => {
      // Here, not above: help needs no addon.
      const { machineFacts } = await import('../benchmark/machine.js')
      const { allProcessors, ...facts } = machineFacts()
      if (json) {
        terminal.result(JSON.stringify(facts, null, 2))
        return
      }
      const lines = {
        ...facts,
        threads: `${facts.threads} of ${allProcessors} processors`,
        memory: `${(facts.memory / 2 ** 30).toFixed(1)} GiB`,
        instructionSets: facts.instructionSets.join(', '),
      }
      for (const [name, value] of Object.entries(lines))
        terminal.result(`${titles[name as keyof typeof titles].padEnd(width)}  ${value}`) // its own keys
    })
}

const titles = {
  gemmnet: 'gemmnet',
  node: 'Node',
  system: 'System',
  processor: 'Processor',
  threads: 'Threads',
  memory: 'Memory',
  blas: 'BLAS',
  blasKernel: 'BLAS kernel',
  instructionSet: 'Loops use',
  instructionSets: 'Processor has',
}
const width = Math.max(...Object.values(titles).map((title) => title.length))
