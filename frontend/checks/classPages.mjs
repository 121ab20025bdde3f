/** The page of the classes, and the dialog that shows what a merge would do. */
export function classPages(f, project) {
  const classes = f.project.classes.map((each, at) => ({
    ...each,
    description:
      at === 0
        ? 'A closed ring with a hole through the middle.\nTwo rings on top of each other: unsure.'
        : '',
    labels: 40 + 17 * at,
    examples: [],
  }))
  const answers = project(f, {
    'GET /projects/demo/class-set': {
      class_set_version: 2,
      classes,
      retired: [
        {
          id: 'c-old',
          name: 'old disc',
          color: '#004c78',
          retired_in_version: 2,
          merged_into_id: classes[0].id,
        },
      ],
    },
    'GET /projects/demo/class-set/history': f.page([
      {
        version: 2,
        kind: 'merge',
        details: { class_name: 'old disc', into: classes[0].name },
        changed_by: 'Ada Lindqvist',
        created_at: f.project.created_at,
      },
    ]),
    'POST /projects/demo/class-set/preview': {
      kind: 'merge',
      class_name: classes[1].name,
      labels: 57,
      evaluation_labels: 3,
      models: 2,
      examples: 0,
      asked_again: 0,
      by_job: false,
      sentences: [
        `60 labels (3 in the evaluation sample) of ${classes[1].name} count as ${classes[0].name} from now on; the decisions stay as they were said.`,
        `2 trained models know it: predictions of ${classes[1].name} count as ${classes[0].name}.`,
        'It can be restored later.',
      ],
    },
  })
  const path = '/projects/demo/settings/classes'
  return [
    { name: 'classes', path, answers },
    {
      name: 'classes-merge',
      path,
      answers,
      act: async (page) => {
        await page.getByRole('button', { name: `Merge ${classes[1].name}` }).click()
        await page.getByText('It can be restored later.').waitFor()
      },
    },
  ]
}
