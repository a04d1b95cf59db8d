const ADMINS: ReadonlySet<string | undefined> = new Set(['service_role', 'supabase_admin']);

/** Whether a token with this role is one of the project's own programs. */
export const isAdminRole = (role: string | undefined): boolean => ADMINS.has(role);
