import { cpus, release, totalmem, type } from 'node:os'
import { native } from '../native.js'

/** What runs here. */
export function machineFacts() {
  const { version, blas, blasKernel, instructionSet, instructionSets, processors } =
    native.describe()
  return {
    gemmnet: version,
    node: process.version,
    system: `${type()} ${release()} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    /** Those that the process may use. */
    threads: processors,
    allProcessors: cpus().length,
    /** Bytes. */
    memory: totalmem(),
    blas,
    blasKernel,
    instructionSet,
    instructionSets: instructionSets.filter((set) => set.supported).map(({ name }) => name),
  }
}
