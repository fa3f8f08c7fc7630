import { Command } from 'commander'
import { jsonFlag } from './flags.js'
import type { Terminal } from './terminal.js'

/** `gemmnet inspect` */
export function inspect(terminal: Terminal): Command {
  return new Command('inspect')
    .summary('what is in a saved model or network')
    .description(
      'Prints what a file of `gemmnet train`, Model.save or Network.save holds: layers, the ' +
        'preparation of rows, the target and its classes, and what else the file says of itself.',
    )
    .argument('<model>', 'the file')
    .addOption(jsonFlag())
    .action(async (path: string, { json = false }: { json?: boolean }) => {
      // Here, not above: help needs no addon.
      const { readContents, contentsToText } = await import('./model_contents.js')
      const contents = await readContents(path)
      terminal.result(json ? JSON.stringify(contents, null, 2) : contentsToText(contents))
    })
}
