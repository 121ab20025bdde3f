import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import { type Member, membersQuery, useGiveRole, useLeaveProject, useRemoveMember } from '../../api/people'
import { explain } from '../../api/problem'
import type { Role } from '../../api/types'
import { allows, useProject } from '../../app/projectContext'
import { ROLES } from '../../app/roles'
import { useUser } from '../../app/userContext'
import { Badge } from '../../design/Badge'
import { Button } from '../../design/Button'
import { ConfirmDialog } from '../../design/ConfirmDialog'
import { Disclosure } from '../../design/Disclosure'
import { ErrorNotice } from '../../design/Notice'
import { Skeleton } from '../../design/Skeleton'
import { type Column, Table } from '../../design/Table'
import { showToast } from '../../design/Toast'
import { AddMemberDialog } from '../people/AddMemberDialog'
import { InvitationList } from '../people/InvitationList'
import { InviteDialog } from '../people/InviteDialog'
import people from '../people/people.module.css'
import { RoleSelect } from '../people/RoleSelect'
import { SettingsFrame } from './SettingsFrame'

/** Who is in the project and what they may do; owners change both. */
export default function MembersPage() {
  const project = useProject()
  const members = useQuery(membersQuery(project.slug))
  const [open, setOpen] = useState<'invite' | 'add' | null>(null)
  const owns = allows(project.role, 'owner')
  return (
    <SettingsFrame
      title="Members"
      forOwners={false}
      actions={
        owns && (
          <>
            <Button icon="user" onClick={() => setOpen('add')}>
              Add a colleague with an account
            </Button>
            <Button icon="plus" kind="primary" onClick={() => setOpen('invite')}>
              Invite by link
            </Button>
          </>
        )
      }
    >
      <div className={people.parts}>
        {members.isPending && <Skeleton label="Loading the members" lines={4} />}
        {members.error && (
          <ErrorNotice
            error={members.error}
            actions={<Button onClick={() => void members.refetch()}>Try again</Button>}
          />
        )}
        {members.data && <MemberTable members={members.data.items} />}
        <Disclosure summary="What each role may do">
          <RoleMeanings />
        </Disclosure>
        {owns && <InvitationList slug={project.slug} />}
      </div>
      {open === 'invite' && <InviteDialog slug={project.slug} onClose={() => setOpen(null)} />}
      {open === 'add' && (
        <AddMemberDialog
          slug={project.slug}
          members={members.data?.items ?? []}
          onClose={() => setOpen(null)}
        />
      )}
    </SettingsFrame>
  )
}

function RoleMeanings() {
  return (
    <dl className={people.roles}>
      {Object.values(ROLES).map(({ title, may }) => (
        <div key={title}>
          <dt>{title}</dt>
          <dd>May {may}.</dd>
        </div>
      ))}
    </dl>
  )
}

function MemberTable({ members }: { members: Member[] }) {
  const project = useProject()
  const me = useUser()
  const navigate = useNavigate()
  const giveRole = useGiveRole(project.slug)
  const remove = useRemoveMember(project.slug)
  const leave = useLeaveProject(project.slug)
  const [leavingId, setLeavingId] = useState<string | null>(null)
  const leaving = members.find(({ user }) => user.id === leavingId)
  const owns = allows(project.role, 'owner')
  const owners = members.filter(({ role }) => role === 'owner')
  const isLastOwner = ({ role }: Member) => role === 'owner' && owners.length === 1
  const isMe = ({ user }: Member) => user.id === me.id

  const changeRole = (member: Member, role: Role) =>
    giveRole.mutate(
      { member, role },
      {
        onSuccess: () => showToast(`${member.user.display_name} is now ${ROLES[role].article}.`),
        onError: (error) => showToast(explain(error).detail, 'bad'),
      },
    )
  const takeOut = (member: Member) => {
    const done = () => {
      setLeavingId(null)
      if (isMe(member)) void navigate('/')
    }
    if (isMe(member)) leave.mutate(undefined, { onSuccess: done })
    else remove.mutate(member, { onSuccess: done })
  }
  const columns: Column<Member>[] = [
    {
      title: 'Person',
      cell: (member) => (
        <>
          {member.user.display_name} <span className={people.muted}>{member.user.name}</span>{' '}
          {isMe(member) && <Badge>You</Badge>}
        </>
      ),
    },
    {
      title: 'Role',
      cell: (member) =>
        owns && !isLastOwner(member) ? (
          <RoleSelect
            label={`Role of ${member.user.display_name}`}
            value={member.role}
            disabled={giveRole.isPending}
            onChange={(role) => changeRole(member, role)}
          />
        ) : (
          <>
            {ROLES[member.role].title}
            {owns && <p className={people.note}>The last owner stays. Make somebody else an owner first.</p>}
          </>
        ),
    },
    { title: 'May', cell: ({ role }) => <span className={people.muted}>{ROLES[role].may}</span> },
    {
      title: 'Change',
      cell: (member) =>
        (owns || isMe(member)) &&
        !isLastOwner(member) && (
          <Button
            kind="danger"
            size="small"
            aria-label={isMe(member) ? 'Leave the project' : `Remove ${member.user.display_name}`}
            onClick={() => setLeavingId(member.user.id)}
          >
            {isMe(member) ? 'Leave' : 'Remove'}
          </Button>
        ),
    },
  ]
  return (
    <>
      <Table
        caption={`Members of ${project.name}`}
        columns={columns}
        rows={members}
        rowKey={({ user }) => user.id}
      />
      {leaving && (
        <ConfirmDialog
          title={isMe(leaving) ? 'Leave this project?' : `Remove ${leaving.user.display_name}?`}
          action={isMe(leaving) ? 'Leave' : 'Remove'}
          busy={remove.isPending || leave.isPending}
          error={remove.error ?? leave.error}
          onConfirm={() => takeOut(leaving)}
          onClose={() => {
            remove.reset()
            leave.reset()
            setLeavingId(null)
          }}
        >
          {isMe(leaving) ? 'You' : 'They'} can no longer open the project. Labels given so far stay and keep
          counting. An owner can let {isMe(leaving) ? 'you' : 'them'} in again at any time.
        </ConfirmDialog>
      )}
    </>
  )
}
