/** The audit log's actions in words. */
const DEEDS: Record<string, string> = {
  'session.begun': 'signed in',
  'session.ended': 'ended a session',
  'session.refused': 'was refused at sign-in',
  'password.set': 'set a password',
  'provider.disconnected': 'disconnected from the sign-in provider',
  'password.reset': 'reset a password',
  'token.made': 'made an access token',
  'token.revoked': 'revoked an access token',
  'link.made': 'made a sign-in link',
  'invitation.made': 'made an invitation',
  'invitation.accepted': 'accepted an invitation',
  'invitation.revoked': 'took an invitation back',
  'user.added': 'added an account',
  'user.changed': 'changed an account',
  'user.deactivated': 'switched an account off',
  'user.reactivated': 'switched an account on',
  'role.given': 'gave a role',
  'role.taken': 'took a role away',
  'project.made': 'made the project',
  'project.changed': 'changed settings',
  'project.deleted': 'deleted the project',
  'project.restored': 'restored the project',
  'project.purge-begun': 'began to remove a deleted project',
  'project.purged': 'removed a deleted project for good',
  'class.added': 'added a class',
  'import.begun': 'began an import',
  'label-import.begun': 'began to import labels',
  'label-import.undone': 'took a label import back',
  'export.begun': 'began an export',
  'cycle.launched': 'launched a cycle',
  'cycle.cancelled': 'cancelled a cycle',
  'webhook.made': 'added a webhook',
  'webhook.changed': 'changed a webhook',
  'webhook.removed': 'removed a webhook',
  'webhook.secret-renewed': 'renewed a webhook’s secret',
}

/** What was done, as the rest of a sentence that begins with who. An action without words shows as it is. */
export function deedOf(action: string): string {
  return DEEDS[action] ?? action
}

/** Kinds of deeds to filter by: all those whose action begins so. */
export const THINGS = [
  { value: '', title: 'Everything' },
  { value: 'role', title: 'Roles' },
  { value: 'invitation', title: 'Invitations' },
  { value: 'project', title: 'Project and settings' },
  { value: 'class', title: 'Classes' },
  { value: 'import', title: 'Imports' },
  { value: 'label-import', title: 'Label imports' },
  { value: 'export', title: 'Exports' },
  { value: 'cycle', title: 'Cycles' },
  { value: 'webhook', title: 'Webhooks' },
]

/** Those that happen outside projects too. */
export const SERVICE_THINGS = [
  ...THINGS,
  { value: 'session', title: 'Sign-ins' },
  { value: 'password', title: 'Passwords' },
  { value: 'token', title: 'Access tokens' },
  { value: 'link', title: 'Sign-in links' },
  { value: 'user', title: 'Accounts' },
]

/** The details of an event in one line: `role: curator, was: viewer`. */
export function detailsText(details: Record<string, unknown>): string {
  return Object.entries(details)
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => {
      const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
      return `${name.replaceAll('_', ' ')}: ${text}`
    })
    .join(', ')
}
