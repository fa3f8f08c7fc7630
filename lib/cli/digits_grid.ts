import type { Dataset } from '../dataset.js'
import type { GridResult } from '../experiments/search_result.js'
import type { Trial } from '../experiments/trial.js'
import { percent, shortNumber } from '../plot/labels.js'
import type { ReportSection } from '../plot/index.js'
import type { DigitsResult } from './digits.js'
import { checkUsage } from './failure.js'
import type { Interrupt } from './interrupt.js'
import { Pace } from './progress.js'
import type { Terminal } from './terminal.js'
import { save } from './training.js'

/** The lecture's grid: learning rates by strengths of L2. */
const exponents = [-5, 1, 7] as const // from 1e-5 to 10, seven values

interface GridSettings {
  readonly epochs: number
  readonly batchSize: number
  readonly seed: number
  readonly output: string | undefined
  readonly json: boolean
}
interface Sets {
  readonly train: Dataset
  readonly test: Dataset
}
interface Point {
  readonly learningRate: number
  readonly l2: number
}
type GridTrial = Trial<Point, 'accuracy', Sets>

/**
 * Trains a network for each cell of the lecture's grid, and prints how well it does as soon as it is
 * there. What is finished when the user stops it is printed and drawn too.
 *
 * @returns no sections if nothing is finished
 */
export async function digitsGrid(
  { train, test }: Sets,
  { epochs, batchSize, seed, output, json }: GridSettings,
  terminal: Terminal,
  interrupt: Interrupt,
): Promise<DigitsResult> {
  // Here, not above: help needs no addon.
  const { dense, gridSearch, logspace, Network, sgd, Trainer } = await import('../index.js')
  const { signal } = interrupt
  signal.throwIfAborted()
  const values = logspace(...exponents)
  const total = values.length ** 2
  const search = checkUsage(() =>
    gridSearch({
      grid: { learningRate: values, l2: values },
      data: { train, test },
      build: ({ learningRate, l2 }: Point, context) => {
        const layers = [dense(100, 'sigmoid'), dense(50, 'sigmoid'), dense(10, 'softmax')]
        const network = new Network({ inputs: train.features, layers, seed: context.seed })
        return new Trainer(network, {
          loss: 'categoricalCrossentropy',
          optimizer: sgd({ learningRate }),
          metrics: ['accuracy'],
          l2,
          batchSize,
          epochs,
          seed: context.seed,
        })
      },
      epochs,
      seed,
    }),
  )
  const stop = () => {
    search.stop()
  }
  signal.addEventListener('abort', stop, { once: true })
  let done = 0
  const pace = new Pace(total)
  const showProgress = () => {
    terminal.progress(pace.networks(done), json && done > 0)
  }
  showProgress()
  for await (const trial of search) {
    if (!json) terminal.result(lineOf(trial))
    done++
    showProgress()
  }
  signal.removeEventListener('abort', stop)
  terminal.clear()

  const result = await search
  const { best } = result
  if (json) terminal.result(JSON.stringify(result.trials.map(toJson), null, 2))
  else if (best !== undefined) terminal.result(`Best: ${lineOf(best)}`)
  if (best?.network !== undefined && output !== undefined) {
    await save(best.network, output)
    terminal.note(`Saved ${output}`)
  }
  const isDrawable = result.trials.some(({ scores }) => scores !== undefined)
  return {
    sections: isDrawable ? await gridSections(result) : [],
    stop: interrupt.reason(`Stopped after ${done} of ${total} networks`),
  }
}

function lineOf({ point: { learningRate, l2 }, scores, error }: GridTrial): string {
  const point = `learning rate ${shortNumber(learningRate)}, l2 ${shortNumber(l2)}`
  if (scores === undefined) return `${point}: ${error === undefined ? 'no scores' : 'diverged'}`
  const { train, test } = scores
  return `${point}: train ${percent(train.accuracy)}, test ${percent(test.accuracy)}`
}

/** A trial as plain values; one without scores diverged. */
function toJson({ point, scores, seconds }: GridTrial) {
  return { ...point, train: scores?.train.accuracy, test: scores?.test.accuracy, seconds }
}

async function gridSections(result: GridResult<Point, 'accuracy', Sets>): Promise<ReportSection[]> {
  const { best } = result
  const heatmap = async (set: 'train' | 'test', title: string) => ({
    svg: await result.heatmap(`${set}.accuracy`, { title }),
    name: `grid-${set}`,
  })
  return [
    {
      title: 'Learning rate and L2 penalty',
      parts: [
        'Each cell is a network that was trained anew. × is one whose loss became infinite.',
        ...(best === undefined ? [] : [`Best on the test set: ${lineOf(best)}.`]),
        await heatmap('train', 'Accuracy on the training set'),
        await heatmap('test', 'Accuracy on the test set'),
      ],
    },
    {
      title: 'All networks',
      parts: [
        {
          columns: ['learning rate', 'l2', 'train accuracy', 'test accuracy', 'seconds'],
          rows: result.trials.map(({ point, scores, seconds }) => [
            shortNumber(point.learningRate),
            shortNumber(point.l2),
            scores === undefined ? '×' : percent(scores.train.accuracy),
            scores === undefined ? '×' : percent(scores.test.accuracy),
            seconds.toFixed(2),
          ]),
        },
      ],
    },
  ]
}
