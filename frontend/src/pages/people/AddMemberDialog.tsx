import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type Member, useAddMember, usersQuery } from '../../api/people'
import type { Role } from '../../api/types'
import { ROLE_OPTIONS, ROLES } from '../../app/roles'
import { Button } from '../../design/Button'
import { Dialog } from '../../design/Dialog'
import { ErrorNotice } from '../../design/Notice'
import { SelectField } from '../../design/SelectField'
import { Skeleton } from '../../design/Skeleton'
import { showToast } from '../../design/Toast'
import styles from './people.module.css'

/** Let somebody in who has an account already. */
export function AddMemberDialog({
  slug,
  members,
  onClose,
}: {
  slug: string
  members: Member[]
  onClose: () => void
}) {
  const users = useQuery(usersQuery)
  const [chosen, setChosen] = useState('')
  const [role, setRole] = useState<Role>('annotator')
  const add = useAddMember(slug)
  const others = (users.data?.items ?? []).filter(({ id }) => !members.some(({ user }) => user.id === id))
  const person = others.find(({ id }) => id === chosen) ?? others[0]
  const submit = () => {
    if (person === undefined) return
    add.mutate(
      { userId: person.id, role },
      {
        onSuccess: () => {
          showToast(`${person.display_name} is now ${ROLES[role].article} of this project.`)
          onClose()
        },
      },
    )
  }
  return (
    <Dialog
      title="Add a colleague"
      onClose={onClose}
      onSubmit={submit}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" disabled={add.isPending || person === undefined}>
            Add
          </Button>
        </>
      }
    >
      <div className={styles.fields}>
        {users.isPending && <Skeleton label="Loading people" lines={2} />}
        {users.error && <ErrorNotice error={users.error} />}
        {users.data &&
          (person === undefined ? (
            <p>Everybody with an account is in this project. Invite others by a link.</p>
          ) : (
            <>
              <SelectField
                label="Person"
                options={others.map(({ id, display_name, name }) => ({
                  value: id,
                  title: `${display_name} (${name})`,
                }))}
                value={person.id}
                onChange={setChosen}
              />
              <SelectField
                label="Role"
                hint={`May ${ROLES[role].may}.`}
                options={ROLE_OPTIONS}
                value={role}
                onChange={(value) => setRole(value as Role)}
              />
            </>
          ))}
        {add.error && <ErrorNotice error={add.error} />}
      </div>
    </Dialog>
  )
}
