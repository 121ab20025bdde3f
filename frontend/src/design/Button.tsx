import type { ButtonHTMLAttributes, ReactNode } from 'react'
import { Link, type LinkProps } from 'react-router'
import styles from './Button.module.css'
import { classNames } from './classNames'
import { Icon, type IconName } from './icons'
import { Tooltip } from './Tooltip'

/**
 * primary: the one thing to do here. quiet: beside the work. danger: takes away what no button here gives back. What
 * brings something back (undo, restore) is never danger and has the icon `undo`.
 */
export type ButtonKind = 'primary' | 'secondary' | 'quiet' | 'danger'
export type ButtonSize = 'small' | 'normal' | 'large'

interface Look {
  kind?: ButtonKind
  size?: ButtonSize
  icon?: IconName
  children: ReactNode
}

function look(kind: ButtonKind, size: ButtonSize): string {
  return classNames(styles.button, styles[kind], size !== 'normal' && styles[size])
}

export type ButtonProps = Look & Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'className' | 'children'>

export function Button({
  kind = 'secondary',
  size = 'normal',
  icon,
  children,
  type = 'button',
  ...rest
}: ButtonProps) {
  return (
    <button type={type} className={look(kind, size)} {...rest}>
      {icon && <Icon name={icon} />}
      {children}
    </button>
  )
}

/** A link that looks like a button, for going somewhere. */
export function ButtonLink({
  kind = 'secondary',
  size = 'normal',
  icon,
  children,
  ...rest
}: Look & Omit<LinkProps, 'className' | 'children'>) {
  return (
    <Link className={look(kind, size)} {...rest}>
      {icon && <Icon name={icon} />}
      {children}
    </Link>
  )
}

/** A button that shows an icon alone; its name is read out and shown as a tooltip. */
export function IconButton({
  icon,
  label,
  size = 'normal',
  ...rest
}: { icon: IconName; label: string; size?: 'small' | 'normal' } & Omit<
  ButtonHTMLAttributes<HTMLButtonElement>,
  'className' | 'children' | 'aria-label'
>) {
  return (
    <Tooltip text={label}>
      <button
        type="button"
        className={classNames(styles.button, styles.quiet, styles.icon, size === 'small' && styles.small)}
        aria-label={label}
        {...rest}
      >
        <Icon name={icon} />
      </button>
    </Tooltip>
  )
}
