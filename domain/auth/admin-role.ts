const ADMINS: ReadonlySet<string | undefined> = new Set(['service_role', 'supabase_admin']);

/** Of a token: that of the project's own programs. */
export const isAdminRole = (role: string | undefined): boolean => ADMINS.has(role);
