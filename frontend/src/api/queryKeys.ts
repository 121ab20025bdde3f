/** Names of everything cached. All of one project lie under its own key, so that they can be renewed together. */
export const queryKeys = {
  session: ['session'] as const,
  projects: ['projects'] as const,
  catalogue: ['catalogue'] as const,
  system: ['system'] as const,
  /** Its address changes when the voxels do. */
  volume: (url: string) => ['volume', url] as const,
  project: (slug: string) => ({
    all: ['project', slug] as const,
    detail: ['project', slug, 'detail'] as const,
    progress: ['project', slug, 'progress'] as const,
    /** The list; single cycles lie beneath it, so that renewing the list renews them too. */
    cycles: ['project', slug, 'cycles'] as const,
    cycle: (number: number) => ['project', slug, 'cycles', number] as const,
    disputed: ['project', slug, 'disputed'] as const,
    agreement: ['project', slug, 'agreement'] as const,
    annotators: ['project', slug, 'annotators'] as const,
    /** What is open; who holds what lies beneath it. */
    queue: ['project', slug, 'queue'] as const,
    leases: ['project', slug, 'queue', 'leases'] as const,
    /** Megabytes: not beneath `all`, which every reconnection renews. */
    map: ['map', slug] as const,
    particle: (id: number) => ['project', slug, 'particles', id] as const,
    similar: (id: number) => ['project', slug, 'similar', id] as const,
    learningCurve: ['project', slug, 'learning-curve'] as const,
    sources: ['project', slug, 'sources'] as const,
    jobs: ['project', slug, 'jobs'] as const,
    job: (id: string) => ['project', slug, 'jobs', id] as const,
    unpack: (uploadId: string) => ['project', slug, 'unpack', uploadId] as const,
    importPreview: (id: string) => ['project', slug, 'import-previews', id] as const,
    exports: ['project', slug, 'exports'] as const,
    export: (id: string) => ['project', slug, 'exports', id] as const,
    exportFormats: ['project', slug, 'export-formats'] as const,
    purity: (cycle: number) => ['project', slug, 'purity', cycle] as const,
    labelErrors: (cycle: number) => ['project', slug, 'label-errors', cycle] as const,
    exportPreview: (choice: object) => ['project', slug, 'export-previews', choice] as const,
    surroundings: (id: number) => ['project', slug, 'surroundings', id] as const,
    neighbours: (id: number) => ['project', slug, 'neighbours', id] as const,
  }),
}
