import {
  sealedText,
  type Projection,
  type RecordedEvent,
  type Row,
  type RowChange,
  type Sensitive,
} from '@counterfoil/event-store';
import { instantCell } from '../calendar/instant-cell.ts';
import { userOfStream, type UserEvent } from './events.ts';

/** Every user, with what is personal as it is sealed in the log: who shows it has to open it. */
const users: Projection<UserEvent> = {
  name: 'users',
  version: 1,
  columns: {
    user_id: 'text',
    /** Null, as the other two, once the user is erased. */
    username: 'text',
    display_name: 'text',
    email: 'text',
    /** JSON lists. */
    roles: 'json',
    accounts: 'json',
    status: 'text',
    registered_at: 'instant',
    last_login_at: 'instant',
    updated_at: 'instant',
  },
  key: ['user_id'],
  indexes: [['status', 'user_id']],
  types: [
    'UserRegistered',
    'RolesChanged',
    'AccountsGranted',
    'LoginSucceeded',
    'UserDeactivated',
    'UserReactivated',
    'UserErased',
  ],
  project: projectUser,
};

function projectUser(recorded: RecordedEvent<UserEvent>): readonly RowChange[] {
  const event = recorded as UserEvent;
  const user_id = userOfStream(recorded.stream);
  const at = instantCell(recorded.recordedAt);
  const changed = (cells: Row): readonly RowChange[] => [
    { key: [user_id], update: (row) => row && { ...row, ...cells } },
  ];
  switch (event.type) {
    case 'UserRegistered': {
      const { username, displayName, email, roles, accounts } = event.data;
      const row: Row = {
        user_id,
        username: sealedText(username),
        display_name: sealedText(displayName),
        email: sealedCell(email),
        roles: JSON.stringify(roles),
        accounts: JSON.stringify(accounts),
        status: 'ACTIVE',
        registered_at: at,
        last_login_at: null,
        updated_at: at,
      };
      return [{ key: [user_id], row }];
    }
    case 'RolesChanged':
      return changed({ roles: JSON.stringify(event.data.roles), updated_at: at });
    case 'AccountsGranted':
      return changed({ accounts: JSON.stringify(event.data.accounts), updated_at: at });
    case 'LoginSucceeded':
      return changed({ last_login_at: at });
    case 'UserDeactivated':
      return changed({ status: 'DEACTIVATED', updated_at: at });
    case 'UserReactivated':
      return changed({ status: 'ACTIVE', updated_at: at });
    case 'UserErased':
      return changed({
        username: null,
        display_name: null,
        email: null,
        status: 'ERASED',
        updated_at: at,
      });
    case 'PasswordChanged':
    case 'IdentityLinked':
    case 'IdentityUnlinked':
    case 'LoginFailed':
    case 'SessionsEnded':
      return [];
  }
}

function sealedCell(value: Sensitive | null): string | null {
  return value && sealedText(value);
}

export const userProjections = [users];
