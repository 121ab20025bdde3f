/**
 * The service's wire types under the names this interface uses, taken from the generated schema. Where the service's
 * schema says no more than "an object" and describes it in words, the words are written out here.
 */
import type { components } from './schema.gen'

type Schemas = components['schemas']

export interface Page<Item> {
  items: Item[]
  next: string | null
}

export type Role = Schemas['Role']
export type User = Schemas['UserOut']
export type Session = Schemas['SessionOut']
export type ProjectSummary = Schemas['ProjectSummary']
export type Project = Schemas['ProjectOut']
export type NewProject = Pick<Schemas['ProjectIn'], 'name' | 'classes'>
export type ParticleClass = Schemas['ClassOut']
export type Progress = Schemas['ProgressOut']
export type QueueState = Schemas['QueueStatus']
export type QueueOverview = Schemas['QueueOut']
export type WorkCount = Schemas['WorkCount']
export type HeldItem = Schemas['HeldItem']
export type ReviewItem = Schemas['ReviewItem']
export type Opinion = Schemas['OpinionOut']
export type Adjudication = Schemas['AdjudicationIn']
export type Kappa = Schemas['Kappa']
export type ValueKappa = Schemas['ValueKappa']
export type PairKappa = Kappa & { users: string[] }
export type Agreement = Omit<Schemas['AgreementOut'], 'pairs'> & { pairs: PairKappa[] }
export type AnnotatorStatistics = Schemas['AnnotatorStatistics']
export type Share = Schemas['Share']
export type Source = Schemas['SourceOut']
export type LogLine = Schemas['LogLine']
export type CycleMetrics = Schemas['CycleMetrics']
export type Report = Schemas['Report']
export type ClassMetrics = Schemas['ClassMetrics']
export type Calibration = Schemas['Calibration']
export type ReliabilityBin = Schemas['ReliabilityBin']
export type LabelSaid = Schemas['LabelSaid']
export type LikelyLabelError = Schemas['LikelyLabelError']
export type LikelyLabelErrors = Schemas['LikelyLabelErrors']
export type Purity = Schemas['Purity']
export type ClassPurity = Schemas['ClassPurity']
export type CurvePoint = Schemas['CurvePoint']
export type RandomReference = Schemas['RandomReference']
export type LearningCurve = Schemas['LearningCurve']
export type Catalogue = Schemas['CatalogueOut']
export type CycleRequest = Schemas['CycleRequest']
export type JobState = Schemas['JobOut']['state']
export type CycleStage = Schemas['CycleOut']['stage']

export type ListFormat = Schemas['ListFormatOut']
export type ImportBody = Schemas['ImportPath'] | Schemas['ImportUpload']
export type TomogramsIn = Schemas['TomogramsIn']
export type LabelImport = Schemas['LabelImport']
export type LabelUse = LabelImport['as']
export type ImportPreview = Schemas['ImportPreview']
export type PreviewSample = Schemas['PreviewSample']
export type Neighbours = Schemas['Neighbours']
export type ExportRequest = Schemas['ExportIn']
export type ExportChoice = Schemas['Choice']
export type ExportPreview = Schemas['ExportPreview']
export type ExportedClass = ExportPreview['classes'][number]
export type Precision = Schemas['Precision']
export type ExportSummary = Schemas['ExportOut']
export type ExportDetail = Schemas['ExportDetail']
export type WritableFormat = Schemas['WritableFormat']

/** How far a job is. All of it may be absent. */
export interface JobProgress {
  stage?: string | null
  done?: number | null
  total?: number | null
  /** Items a second. */
  rate?: number | null
  eta_seconds?: number | null
  message?: string | null
}

/** Why a job failed. */
export interface JobProblem {
  type: string
  title: string
  detail: string
  errors?: RowError[]
}

/** A row of a particle list that could not be imported, numbered from 1. */
export interface RowError {
  row: number | null
  column?: string | null
  reason: string
}

interface JobWork {
  state: JobState
  progress: JobProgress | null
  problem: JobProblem | null
}

export type Job = Omit<Schemas['JobOut'], keyof JobWork> & JobWork
export type CycleJob = JobWork & { log: LogLine[] }
export type Cycle = Omit<Schemas['CycleOut'], 'job'> & { job: CycleJob }
