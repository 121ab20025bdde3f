/** Answers of an imagined service, in the shapes of the contract: for component tests and for looking at the pages. */
import type {
  Catalogue,
  ClassPurity,
  CurvePoint,
  Cycle,
  CycleMetrics,
  ExportDetail,
  ExportedClass,
  ExportPreview,
  ImportPreview,
  Job,
  LabelSaid,
  LearningCurve,
  LikelyLabelError,
  LikelyLabelErrors,
  Page,
  Precision,
  Progress,
  Project,
  ProjectSummary,
  Purity,
  Session,
  Source,
  WritableFormat,
} from '../api/types'
import { exportRequest, STARTING_FORM } from '../pages/export/exportForm'

const NOW = Date.now()
const ago = (minutes: number) => new Date(NOW - minutes * 60_000).toISOString()

export const page = <Item>(items: Item[]): Page<Item> => ({ items, next: null })

export const session: Session = {
  user: {
    id: '0b0e6a0c-6a52-4f0b-9a51-0d4d5a3f9f63',
    name: 'ada',
    display_name: 'Ada Lindqvist',
    is_admin: true,
  },
  has_password: true,
  may_set_password: false,
}

const CLASSES = [
  { name: 'barrel', color: '#0072b2', count: 41 },
  { name: 'double ring', color: '#e69f00', count: 33 },
  { name: 'hollow sphere', color: '#009e73', count: 24 },
  { name: 'rod', color: '#cc79a7', count: 17 },
  { name: 'Y', color: '#d55e00', count: 9 },
  { name: 'bilobed blob', color: '#56b4e9', count: 5 },
].map((entry, index) => ({ ...entry, id: `c0000000-0000-4000-8000-00000000000${index}` }))

export const project: Project = {
  id: 'd0000000-0000-4000-8000-000000000000',
  slug: 'demo',
  name: 'Demo: six shapes',
  description: 'Simulated subtomograms with known classes, to try Tomosift on.',
  version: 1,
  box_size: 28,
  voxel_size_angstrom: 13.5,
  protein_contrast: 'dark',
  class_set_version: 1,
  classes: CLASSES.map(({ id, name, color }, position) => ({
    id,
    name,
    color,
    position,
    hotkey: String(position + 1),
    description: '',
  })),
  settings: {
    batch_size: 40,
    evaluation_fraction: 0.02,
    evaluation_minimum: 100,
    evaluation_maximum: 1000,
    interleave: 2,
  },
  role: 'owner',
  created_at: ago(60 * 26),
  delete_after: null,
}

const summary = (fields: Partial<ProjectSummary>): ProjectSummary => ({
  id: project.id,
  slug: project.slug,
  name: project.name,
  description: project.description,
  created_at: project.created_at,
  pool_size: 600,
  labeled_count: 196,
  role: 'owner',
  delete_after: null,
  ...fields,
})

export const projects = page([
  summary({}),
  summary({
    id: 'd1',
    slug: 'chlamy-er',
    name: 'Chlamydomonas, ER membrane',
    description: 'Ribosomes, proteasomes and what else sits at the ER. Sessions of June to September.',
    pool_size: 84213,
    labeled_count: 1260,
    role: 'curator',
    created_at: ago(60 * 24 * 12),
  }),
  summary({
    id: 'd2',
    slug: 'mito',
    name: 'Mitochondria of yeast',
    description: '',
    pool_size: 0,
    labeled_count: 0,
    role: 'annotator',
    created_at: ago(60 * 5),
  }),
])

export const progress: Progress = {
  pool_size: 600,
  labeled: {
    by_class: CLASSES.map(({ id, name, color, count }) => ({ class_id: id, name, color, count })),
    junk: 13,
    unsure: 4,
    skipped: 2,
    training_total: 142,
  },
  evaluation: {
    size: 100,
    labeled: 62,
    by_half: { calibrate: { size: 50, labeled: 30 }, report: { size: 50, labeled: 32 } },
  },
  queue: {
    open_query: 28,
    open_evaluation: 38,
    open_second_look: 0,
    waiting_for_others: 0,
    is_paused: false,
    leased_by_others: 0,
    batch_cycle_number: 3,
    batch_total: 40,
    batch_done: 12,
  },
  next_step: {
    code: 'label',
    text: 'Label the 28 particles left of the batch that cycle 3 picked.',
    action: 'label',
  },
}

/** A project whose particles were imported a minute ago. */
export const progressAtStart: Progress = {
  ...progress,
  labeled: {
    by_class: progress.labeled.by_class.map((entry, index) => ({ ...entry, count: index === 0 ? 4 : 0 })),
    junk: 0,
    unsure: 0,
    skipped: 0,
    training_total: 4,
  },
  evaluation: {
    size: 100,
    labeled: 2,
    by_half: { calibrate: { size: 50, labeled: 1 }, report: { size: 50, labeled: 1 } },
  },
  queue: { ...progress.queue, open_query: 36, batch_cycle_number: null, batch_total: 40, batch_done: 4 },
  next_step: {
    code: 'label',
    text: 'Label the first batch of 40 particles, drawn at random.',
    action: 'label',
  },
}

export const progressAtBatchEnd: Progress = {
  ...progress,
  queue: { ...progress.queue, open_query: 0, batch_done: 40 },
  next_step: {
    code: 'batch-done-launch',
    text: 'Launch a cycle: this batch is labeled, and the network can learn from it.',
    action: 'launch',
  },
}

export const progressEmpty: Progress = {
  ...progressAtStart,
  pool_size: 0,
  evaluation: {
    size: 0,
    labeled: 0,
    by_half: { calibrate: { size: 0, labeled: 0 }, report: { size: 0, labeled: 0 } },
  },
  queue: {
    ...progress.queue,
    open_query: 0,
    open_evaluation: 0,
    batch_cycle_number: null,
    batch_total: 0,
    batch_done: 0,
  },
  next_step: { code: 'nothing-imported', text: 'Import a particle list to begin.', action: 'import' },
}

export const catalogue: Catalogue = {
  workers_seen: 1,
  acquisition: [
    {
      id: 'entropy-gradnorm',
      title: 'Entropy × gradient',
      description: 'Picks particles the network is unsure about and that would change it most.',
      needs: ['class_labels', 'gradient_norms'],
      source: '',
    },
    {
      id: 'entropy',
      title: 'Entropy',
      description: 'Picks particles whose class the network is least sure about.',
      needs: ['class_labels'],
      source: '',
    },
    {
      id: 'cod',
      title: 'Change of mind',
      description: 'Picks particles the network judges differently than it did one cycle ago.',
      needs: ['class_labels', 'previous_model'],
      source: '',
    },
    {
      id: 'random',
      title: 'Random',
      description: 'Picks without any preference; the yardstick for the others.',
      needs: [],
      source: '',
    },
  ],
  presets: [
    {
      id: 'cpu-quick',
      title: 'Quick',
      description: 'Half a minute on two CPU cores for 600 small boxes. For trying things out.',
      settings: {},
    },
    {
      id: 'cpu-standard',
      title: 'Standard',
      description: 'A wider network, trained longer: minutes on a CPU.',
      settings: {},
    },
  ],
  settings_schema: { properties: { acquisition: { default: 'entropy-gradnorm' } } },
  default_preset: 'cpu-quick',
  list_formats: [
    { key: 'relion', title: 'RELION STAR (also Warp, M)' },
    { key: 'dynamo', title: 'Dynamo table' },
    { key: 'csv', title: 'CSV or TSV table' },
  ],
  reason: null,
}

const NAMES = [...CLASSES.map((entry) => entry.name), 'junk']
const CONFUSION = [
  [8, 0, 0, 0, 0, 0, 0],
  [0, 6, 1, 0, 0, 0, 0],
  [0, 0, 5, 0, 0, 0, 0],
  [1, 0, 0, 3, 0, 0, 0],
  [0, 0, 0, 1, 2, 0, 0],
  [0, 0, 1, 0, 0, 1, 0],
  [0, 0, 0, 0, 1, 0, 2],
]

const reliabilityBin = (start: number, n: number, confidence: number, accuracy: number) => ({
  start,
  end: start + 0.1,
  n,
  weight: n / 32,
  confidence,
  accuracy,
  low: Math.max(0, accuracy - 1 / Math.sqrt(n)),
  high: Math.min(1, accuracy + 0.6 / Math.sqrt(n)),
})

export const metrics = {
  report: {
    n: 32,
    accuracy: 0.84,
    low: 0.68,
    high: 0.93,
    balanced_accuracy: 0.78,
    per_class: NAMES.map((name, index) => {
      const row = CONFUSION[index] ?? []
      const n = row.reduce((sum, value) => sum + value, 0)
      const named = CONFUSION.reduce((sum, other) => sum + (other[index] ?? 0), 0)
      const right = row[index] ?? 0
      const around = (share: number): [number, number] => [
        Math.max(0, share - 0.35),
        Math.min(1, share + 0.2),
      ]
      const f1 = (2 * right) / (n + named)
      return {
        name,
        n,
        predicted: named,
        recall: right / n,
        precision: right / named,
        f1,
        recall_interval: around(right / n),
        precision_interval: around(right / named),
        f1_interval: around(f1),
      }
    }),
    confusion: { names: NAMES, rows: CONFUSION },
  },
  calibration: {
    temperature: 1.4,
    n: 30,
    ece_before: 0.118,
    ece_after: 0.046,
    reliability_before: [
      reliabilityBin(0.5, 3, 0.55, 0.33),
      reliabilityBin(0.7, 5, 0.76, 0.6),
      reliabilityBin(0.9, 24, 0.97, 0.88),
    ],
    reliability_after: [
      reliabilityBin(0.4, 4, 0.46, 0.5),
      reliabilityBin(0.6, 6, 0.66, 0.67),
      reliabilityBin(0.8, 9, 0.86, 0.89),
      reliabilityBin(0.9, 13, 0.95, 0.92),
    ],
  },
  agreement: { previous_cycle: 2, n: 600, changed: 0.083, kappa: 0.89 },
  stopping: {
    verdict: 'undecided',
    text: 'No clear advice: the last 2 cycles changed the accuracy by +9.4 points (95 % interval -3.0 to +20.7 points, 32 evaluation particles), and 8.3% of the pool changed class in the last cycle.',
    gain: { gain: 0.094, low: -0.03, high: 0.207, n: 32, cycles: 2, labels: 80 },
    expected_gain: 0.047,
  },
  label_errors: { judged: 138, expected: 9, found: 6 },
  reason: null,
  training: { final_loss: 0.21, steps: 400, seconds: 17, samples_per_second: 610 },
} satisfies CycleMetrics

const logLine = (minutes: number, message: string, level = 'info') => ({ at: ago(minutes), level, message })

const ACCURACIES: [number, number, number][] = [
  [0.56, 0.35, 0.75],
  [0.71, 0.53, 0.85],
  [0.84, 0.68, 0.93],
]

const readyCycle = (number: number): Cycle => {
  const [accuracy, low, high] = ACCURACIES[number - 1] ?? [0.9, 0.8, 0.95]
  return {
    number,
    stage: 'ready',
    settings: { version: 1, preset: 'cpu-quick', acquisition: 'entropy-gradnorm', batch_size: 40 },
    trigger: { kind: 'person' },
    job: {
      state: 'succeeded',
      progress: { stage: 'select', done: 40, total: 40 },
      problem: null,
      log: [
        logLine(90 - number * 20, `Training on ${22 + number * 40} labels, 400 steps.`),
        logLine(90 - number * 20, 'Evaluated on 32 labels of the report half.'),
        logLine(90 - number * 20, 'Scored 500 particles.'),
        logLine(90 - number * 20, 'Picked 40 particles for the queue.'),
      ],
    },
    training_label_count: 22 + number * 40,
    evaluation_label_count: 20 + number * 14,
    metrics: { ...metrics, report: { ...metrics.report, accuracy, low, high, n: 12 + number * 7 } },
    model_id: `m${number}`,
    created_at: ago(90 - number * 20),
    finished_at: ago(90 - number * 20 - 0.45),
    warning: null,
  }
}

export const readyCycles: Cycle[] = [3, 2, 1].map(readyCycle)

export const runningCycle: Cycle = {
  ...readyCycle(4),
  stage: 'train',
  job: {
    state: 'running',
    progress: {
      stage: 'train',
      done: 168,
      total: 400,
      rate: 21.4,
      eta_seconds: 11,
      message: 'Step 168 of 400, loss 0.62',
    },
    problem: null,
    log: [
      logLine(0.3, 'A worker took the cycle (cpu).'),
      logLine(0.25, 'Training on 182 labels of 7 classes, 400 steps.'),
      logLine(0.1, 'Wrote a checkpoint at step 150.'),
    ],
  },
  training_label_count: 182,
  evaluation_label_count: 62,
  metrics: null,
  model_id: null,
  created_at: ago(0.4),
  finished_at: null,
}

export const waitingCycle: Cycle = {
  ...runningCycle,
  stage: 'queued',
  job: { state: 'queued', progress: null, problem: null, log: [] },
  warning: 'No worker has announced itself. The cycle starts as soon as one does.',
}

export const failedCycle: Cycle = {
  ...runningCycle,
  stage: 'failed',
  job: {
    state: 'failed',
    progress: { stage: 'train', done: 212, total: 400 },
    problem: {
      type: 'urn:tomosift:problem:loss-diverged',
      title: 'Training diverged',
      detail:
        'The loss became infinite at step 212. A damaged subtomogram or too high a learning rate does this: launch again with the preset “Standard”.',
    },
    log: [
      logLine(3, 'Training on 182 labels of 7 classes.'),
      logLine(2.5, 'Loss is not finite at step 212.', 'error'),
    ],
  },
  created_at: ago(3),
  finished_at: ago(2),
}

const point = (cycle: Cycle): CurvePoint => ({
  cycle_number: cycle.number,
  training_labels: cycle.training_label_count ?? 0,
  evaluation_labels: cycle.metrics?.report?.n ?? 0,
  total_labels: (cycle.training_label_count ?? 0) + (cycle.evaluation_label_count ?? 0),
  accuracy: cycle.metrics?.report?.accuracy ?? 0,
  low: cycle.metrics?.report?.low ?? 0,
  high: cycle.metrics?.report?.high ?? 0,
  balanced_accuracy: cycle.metrics?.report?.balanced_accuracy ?? null,
  acquisition: 'entropy-gradnorm',
})

export const learningCurve: LearningCurve = { points: [...readyCycles].reverse().map(point), reference: null }

export const sources: Page<Source> = page([
  {
    id: 's0000000-0000-4000-8000-000000000000',
    name: 'particles.star',
    flavour: 'relion-3.1',
    checksum: '9f2c',
    row_count: 600,
    box_size: 28,
    voxel_size_angstrom: 13.5,
    columns: Array.from({ length: 11 }, (_, index) => `rlnColumn${index}`),
    created_at: ago(60 * 26),
  },
])

const job = (fields: Partial<Job>): Job => ({
  id: 'j0',
  kind: 'import',
  state: 'succeeded',
  progress: null,
  problem: null,
  result: null,
  attempt: 1,
  created_at: ago(60 * 26),
  started_at: ago(60 * 26),
  finished_at: ago(60 * 26),
  ...fields,
})

export const jobsDone: Page<Job> = page([job({})])

export const jobsImporting: Page<Job> = page([
  job({
    id: 'j1',
    state: 'running',
    progress: {
      stage: 'volumes',
      done: 31240,
      total: 84213,
      rate: 1870,
      eta_seconds: 28,
      message: 'Copying volumes',
    },
    created_at: ago(0.6),
    finished_at: null,
  }),
  job({}),
])

export const jobsJustDone: Page<Job> = page([
  job({
    id: 'j3',
    created_at: ago(2),
    finished_at: ago(1),
    result: { source_id: 's1', row_count: 560, already_there: 40, evaluation_count: 12, batch_count: 40 },
  }),
])

export const jobPreviewing = job({
  id: 'p1',
  kind: 'preview',
  state: 'running',
  progress: { stage: 'look', done: 6, total: 10, message: 'Reading sample volumes' },
  created_at: ago(0.1),
  finished_at: null,
})

export const jobPreviewed: Job = { ...jobPreviewing, state: 'succeeded', progress: null, finished_at: ago(0) }

const sample = (number: number) => ({
  number,
  row: 1 + number * 8421,
  name: `TS_${String(number + 1).padStart(2, '0')}/00${number}4.mrc`,
  tomogram: `TS_${String(number + 1).padStart(2, '0')}`,
  padded: number === 7 ? 0.18 : 0,
  volume_url: `/api/v1/projects/demo/imports/previews/p1/samples/${number}`,
})

/** What a preview found: a list of images with a class column. */
export const importPreview: ImportPreview = {
  name: 'particles.star',
  format: 'relion',
  format_title: 'RELION STAR (also Warp, M)',
  flavour: 'relion-4',
  row_count: 84213,
  tomogram_count: 25,
  tomograms: ['TS_01', 'TS_02', 'TS_03'],
  kind: 'images',
  box_size: 48,
  voxel_size_angstrom: 6.9,
  voxel_size_origin: 'rlnTomoTiltSeriesPixelSize × rlnTomoSubtomogramBinning',
  new_count: 84173,
  already_there: 40,
  class_column: 'rlnClassNumber',
  class_values: [
    { value: '1', count: 51034 },
    { value: '2', count: 21987 },
    { value: 'junk', count: 11192 },
  ],
  class_value_count: 3,
  padded_count: 0,
  samples: Array.from({ length: 10 }, (_, number) => sample(number)),
  warnings: [
    'The middle of the sample volumes is brighter than what is around it, but this project says that protein is dark. Look at the samples: if protein is bright in them, change the project’s contrast.',
  ],
  notes: ['Angles beyond ±180° in 1,204 rows are kept as they are; they mean the same orientations.'],
  errors: [],
}

/** What a preview found: positions that have yet to be cut out. */
export const coordinatesPreview: ImportPreview = {
  ...importPreview,
  name: 'picks.csv',
  format: 'csv',
  format_title: 'CSV or TSV table',
  flavour: 'csv',
  row_count: 1204,
  new_count: 1204,
  already_there: 0,
  kind: 'coordinates',
  box_size: null,
  voxel_size_angstrom: null,
  voxel_size_origin: '',
  class_column: null,
  class_values: [],
  class_value_count: 0,
  samples: [],
  warnings: [],
  notes: [],
}

export const jobsFailed: Page<Job> = page([
  job({
    id: 'j2',
    state: 'failed',
    created_at: ago(3),
    problem: {
      type: 'urn:tomosift:problem:bad-rows',
      title: 'Some rows cannot be imported',
      detail: '3 of 812 rows name volumes that are missing or damaged.',
      errors: [
        {
          row: 14,
          column: 'rlnImageName',
          reason: 'TS_03/000014.mrc does not exist beside the list or in a folder above it.',
        },
        {
          row: 202,
          column: 'rlnImageName',
          reason: 'TS_07/000031.mrc is cut short: 21,952 voxels expected, 18,000 found.',
        },
        { row: 611, column: 'rlnImageName', reason: 'The cube has 32 voxels an edge, the others 28.' },
      ],
    },
  }),
  job({}),
])

const precisionOf = (n: number, share: number, low: number, high: number): Precision => ({
  n,
  share,
  low,
  high,
  note: n < 20 ? `Only ${n} evaluation items are like these: too few to rely on.` : null,
})

const exportedClass = (
  name: string,
  number: number,
  byExpert: number,
  byModel: number,
  precision: Precision | null,
): ExportedClass => ({
  name,
  number,
  count: byExpert + byModel,
  by_expert: byExpert,
  by_importer: 0,
  by_model: byModel,
  precision,
  rechecked: number === 1 ? { agree: 11, of: 12 } : null,
  note: `${byExpert} decided by experts; ${byModel} predicted`,
})

export const exportPreview: ExportPreview = {
  total: 600,
  selected: 486,
  classes: [
    exportedClass('barrel', 1, 41, 112, precisionOf(62, 0.935, 0.84, 0.98)),
    exportedClass('double ring', 2, 33, 96, precisionOf(41, 0.9, 0.77, 0.97)),
    exportedClass('hollow sphere', 3, 24, 88, precisionOf(25, 1, 0.86, 1)),
    exportedClass('rod', 4, 17, 61, precisionOf(9, 0.67, 0.3, 0.93)),
    exportedClass('Y', 5, 9, 0, null),
    exportedClass('bilobed blob', 6, 5, 0, null),
    exportedClass('junk', 7, 13, 84, precisionOf(22, 0.86, 0.65, 0.97)),
    exportedClass('unsure', 0, 4, 0, null),
    { ...exportedClass('unlabeled', 0, 0, 0, null), count: 13, note: '' },
  ],
  thresholds: [
    { confidence: 0.5, count: 471, by_model: 342, precision: precisionOf(131, 0.91, 0.85, 0.95) },
    { confidence: 0.7, count: 430, by_model: 301, precision: precisionOf(118, 0.94, 0.88, 0.98) },
    { confidence: 0.9, count: 352, by_model: 223, precision: precisionOf(97, 0.97, 0.91, 0.99) },
    { confidence: 0.99, count: 201, by_model: 72, precision: precisionOf(31, 1, 0.89, 1) },
  ],
  predictions: { kind: 'cycle', cycle: 3, calibrated: true, scored: 500 },
}

const THRESHOLDS = [...Array.from({ length: 50 }, (_, step) => step / 50), 0.99]

const classPurity = (name: string, most: number, n: number, purest: number): ClassPurity => {
  const passing = THRESHOLDS.map((threshold) => 1 - threshold ** 6)
  const shares = THRESHOLDS.map((threshold) => (n === 0 ? null : purest - 0.18 * (1 - threshold) ** 2))
  return {
    name,
    count: passing.map((part) => Math.round(most * part)),
    n: passing.map((part) => Math.round(n * (0.4 + 0.6 * part))),
    share: shares,
    low: shares.map((share) => share && Math.max(0, share - 0.11)),
    high: shares.map((share) => share && Math.min(1, share + 0.05)),
  }
}

export const purity: Purity = {
  cycle: 3,
  calibrated: true,
  thresholds: THRESHOLDS,
  classes: [
    classPurity('all', 441, 131, 0.97),
    classPurity('barrel', 112, 62, 0.98),
    classPurity('double ring', 96, 41, 0.95),
    classPurity('hollow sphere', 88, 25, 0.99),
    classPurity('rod', 61, 9, 0.84),
    classPurity('Y', 0, 0, 0),
    classPurity('junk', 84, 22, 0.9),
  ],
}

const said = (index: number): LabelSaid => ({ kind: 'class', class_id: CLASSES[index]?.id ?? null })

const labelError = (
  number: number,
  given: LabelSaid,
  suggested: LabelSaid,
  score: number,
): LikelyLabelError => ({
  subtomogram_id: 100 + number,
  name: `TS_0${number}/00012${number}.mrc`,
  volume_url: `/api/v1/projects/demo/subtomograms/${100 + number}/volume?h=1`,
  given,
  suggested,
  score,
  reason: 'A classifier that did not see this label says otherwise.',
  still_stands: number !== 4,
})

export const labelErrors: LikelyLabelErrors = {
  items: [
    labelError(1, said(3), said(0), 0.91),
    labelError(2, said(1), said(4), 0.84),
    labelError(3, { kind: 'junk', class_id: null }, said(2), 0.62),
    labelError(4, said(0), said(1), 0.55),
    labelError(5, said(2), { kind: 'junk', class_id: null }, 0.31),
    labelError(6, said(4), said(5), 0.07),
  ],
  expected: 9,
  judged: 138,
}

export const exportFormats: WritableFormat[] = [
  { key: 'source', title: 'As imported' },
  { key: 'dynamo', title: 'Dynamo table' },
  { key: 'csv', title: 'CSV' },
]

export const exportReady: ExportDetail = {
  id: 'e1',
  state: 'succeeded',
  request: {
    ...exportRequest(STARTING_FORM),
    layout: 'per-class',
    filters: { classes: ['barrel', 'rod'], min_confidence: 0.9 },
  },
  created_by: 'Ada Lindqvist',
  created_at: ago(3),
  finished_at: ago(2),
  expires_at: new Date(NOW + 30 * 24 * 3600_000).toISOString(),
  available: true,
  particles: 214,
  file_count: 4,
  bytes: 84_120,
  files: [
    { path: 'particles_barrel.star', bytes: 51_200, sha256: '9f2c41d07ab6e553', particles: 146 },
    { path: 'particles_rod.star', bytes: 30_100, sha256: '11aa41d07ab6e553', particles: 68 },
    { path: 'classes.star', bytes: 420, sha256: '22bb41d07ab6e553', particles: null },
    { path: 'manifest.json', bytes: 2400, sha256: '33cc41d07ab6e553', particles: null },
  ],
  classes: exportPreview.classes.filter(({ name }) => name === 'barrel' || name === 'rod'),
  manifest_sha256: '33cc41d07ab6e553',
}

export const exportRunning: ExportDetail = {
  ...exportReady,
  id: 'e2',
  state: 'running',
  created_at: ago(0.2),
  finished_at: null,
  expires_at: null,
  available: false,
  particles: null,
  file_count: null,
  bytes: null,
  files: [],
}

const exportExpired: ExportDetail = {
  ...exportReady,
  id: 'e0',
  created_at: ago(60 * 24 * 40),
  available: false,
}

export const exports = page([exportReady, exportExpired])

export const jobExporting = job({
  id: 'e2',
  kind: 'export',
  state: 'running',
  progress: { stage: 'lists', done: 120, total: 486, rate: 240, eta_seconds: 2, message: 'Writing lists' },
  created_at: ago(0.2),
  finished_at: null,
})
