/** The pages of people and rights to look at; `project(f, changes)` are the answers of a whole project. */
export function peoplePages(f, { project, nobody, problem }) {
  const invited = { 'POST /invitations/look': f.invitationShown, 'GET /sign-in-ways': f.allWays }
  const settings = (changes = {}) =>
    project(f, {
      'GET /projects/demo/members': f.members,
      'GET /projects/demo/invitations': f.invitations,
      'GET /users': f.users,
      'GET /projects/demo/review/label-rule': f.labelRulePreview,
      'GET /projects/demo/audit': f.auditPage,
      'GET /projects/demo/webhooks': f.webhooks,
      'GET /projects/demo/webhooks/w1/deliveries': f.deliveries,
      ...changes,
    })
  const admin = project(f, {
    'GET /accounts': f.accounts,
    'GET /invitations': f.invitations,
    'GET /audit': f.auditPage,
    'POST /users/u-bo/password-reset': f.accountLink,
  })
  const at = (part) => `/projects/demo/settings${part}`
  return [
    {
      name: 'sign-in-password',
      path: '/sign-in',
      answers: { 'GET /session': nobody, 'GET /sign-in-ways': f.allWays },
    },
    {
      name: 'sign-in-problem',
      path: '/sign-in?problem=oidc-no-account',
      answers: { 'GET /session': nobody, 'GET /sign-in-ways': f.allWays },
    },
    {
      name: 'new-password',
      path: '/new-password',
      answers: { 'GET /session': { ...f.session, has_password: false, may_set_password: true } },
    },
    {
      name: 'new-password-late',
      path: '/new-password',
      answers: { 'GET /session': { ...f.session, has_password: false } },
    },
    {
      name: 'invitation',
      path: '/invitation#token=abcdefgh12345678',
      answers: { 'GET /session': nobody, ...invited },
      act: (page) => page.getByRole('button', { name: 'Make my account and join' }).click(),
    },
    {
      name: 'invitation-join',
      path: '/invitation#token=abcdefgh12345678',
      answers: { 'GET /session': f.session, ...invited },
    },
    {
      name: 'invitation-account',
      path: '/invitation#token=abcdefgh12345678',
      answers: {
        'GET /session': f.session,
        ...invited,
        'POST /invitations/look': { ...f.invitationShown, project_name: null, role: null },
      },
    },
    { name: 'invitation-cut', path: '/invitation', answers: { 'GET /session': nobody } },
    {
      name: 'invitation-over',
      path: '/invitation#token=abcdefgh12345678',
      answers: {
        'GET /session': nobody,
        'POST /invitations/look': problem(
          410,
          'x',
          'This invitation was used already',
          'Each one works once.',
        ),
      },
    },
    { name: 'members', path: at(''), answers: settings(), fullPage: true },
    {
      name: 'members-annotator',
      path: at(''),
      answers: settings({
        'GET /projects/demo': { ...f.project, role: 'annotator' },
        'GET /projects/demo/members': withRoles(f.members, ['annotator', 'owner', 'curator']),
      }),
    },
    {
      name: 'invite',
      path: at(''),
      answers: settings(),
      act: (page) => page.getByRole('button', { name: 'Invite by link' }).click(),
    },
    {
      name: 'invited',
      path: at(''),
      answers: settings({ 'POST /projects/demo/invitations': f.invitationMade }),
      act: async (page) => {
        await page.getByRole('button', { name: 'Invite by link' }).click()
        await page.getByRole('button', { name: 'Make the link' }).click()
      },
    },
    {
      name: 'project-settings',
      path: at('/project'),
      answers: settings(),
      act: (page) => page.getByRole('radio', { name: 'The majority' }).click(),
      fullPage: true,
    },
    {
      name: 'project-delete',
      path: at('/project'),
      answers: settings(),
      act: (page) => page.getByRole('button', { name: 'Delete this project…' }).click(),
    },
    {
      name: 'project-deleted',
      path: '/projects/demo',
      answers: settings({ 'GET /projects/demo': { ...f.project, delete_after: f.accountLink.expires_at } }),
    },
    { name: 'activity', path: at('/activity'), answers: settings() },
    { name: 'webhooks', path: at('/webhooks'), answers: settings() },
    {
      name: 'webhook-new',
      path: at('/webhooks'),
      answers: settings(),
      act: (page) => page.getByRole('button', { name: 'Add a webhook' }).click(),
    },
    {
      name: 'account-page',
      path: '/account',
      answers: project(f, {
        'GET /sessions': f.sessions,
        'GET /tokens': f.tokens,
        'GET /sign-in-ways': f.allWays,
      }),
      fullPage: true,
    },
    { name: 'admin', path: '/admin', answers: admin, fullPage: true },
    {
      name: 'admin-account',
      path: '/admin',
      answers: admin,
      act: async (page) => {
        await page.getByRole('button', { name: 'Manage Bo Karlsson' }).click()
        await page.getByRole('button', { name: 'Reset the password' }).click()
      },
    },
    { name: 'admin-activity', path: '/admin/activity', answers: admin },
    { name: 'admin-projects', path: '/admin/projects', answers: { ...admin, 'GET /projects': deleted(f) } },
    { name: 'admin-projects-none', path: '/admin/projects', answers: admin },
  ]
}

const withRoles = (members, roles) => ({
  ...members,
  items: members.items.map((member, at) => ({ ...member, role: roles[at] })),
})

/** The same projects, deleted. */
const deleted = ({ projects, accountLink }) => ({
  ...projects,
  items: projects.items.map((each) => ({ ...each, delete_after: accountLink.expires_at })),
})
