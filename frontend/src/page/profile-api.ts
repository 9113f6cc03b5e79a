/** What people change of their own account, and where they are signed in. */

import type { Account, Http } from "../client";

export interface ProfileChange {
  first_name: string;
  last_name: string;
  email: string;
  phone: string;
  telegram_chat_id: string;
  timezone: string;
  language: string;
}

export interface BrowserSession {
  id: string;
  created_at: string | null;
  last_seen_at: string | null;
  expires_at: string;
  user_agent: string;
  ip_address: string;
  is_current: boolean;
}

/** What reaches a person outside of the page, by kind and channel, and when. */
export interface DeliveryPreferences {
  channels: readonly string[];
  kinds: Record<string, Record<string, boolean>>;
  quiet_hours: { enabled: boolean; start: string; end: string };
  timezone: string;
  quiet_until: string | null;
}

export interface DeliveryChange {
  kinds?: Record<string, Record<string, boolean>>;
  quiet_hours?: Partial<DeliveryPreferences["quiet_hours"]>;
}

// What was asked with the old cookie may be refused after the new one has come.
const RENEWED_MS = 10_000;

export class ProfileApi {
  private changing: Promise<boolean> | null = null;
  private renewedUntil = 0;

  constructor(private readonly http: Http) {}

  change(changes: Partial<ProfileChange>): Promise<Account> {
    return this.http.patch("/api/user/me/", changes);
  }

  changePassword(oldPassword: string, newPassword: string): Promise<void> {
    const body = { old_password: oldPassword, new_password: newPassword };
    const changed: Promise<void> = this.http.post("/api/user/password/", body);
    const isChanged = changed.then(
      () => {
        this.renewedUntil = Date.now() + RENEWED_MS;
        return true;
      },
      () => false,
    );
    this.changing = isChanged.finally(() => (this.changing = null));
    return changed;
  }

  /**
   * Whether the session that the server refuses is only the one before a change of the
   * password: with its answer comes the cookie of the new one.
   */
  isRenewed(): Promise<boolean> {
    return this.changing ?? Promise.resolve(Date.now() < this.renewedUntil);
  }

  preferences(): Promise<DeliveryPreferences> {
    return this.http.get("/api/user/preferences/");
  }

  changePreferences(change: DeliveryChange): Promise<DeliveryPreferences> {
    return this.http.patch("/api/user/preferences/", change);
  }

  signOutEverywhere(): Promise<void> {
    return this.http.post("/api/auth/logout-all/");
  }

  sessions(): Promise<BrowserSession[]> {
    return this.http.get("/api/user/sessions/");
  }

  endSession(id: string): Promise<void> {
    return this.http.delete(`/api/user/sessions/${encodeURIComponent(id)}/`);
  }
}
