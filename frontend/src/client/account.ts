/** Signing in and out with a session, and the tickets that open a socket. */

import type { Http } from "./http";

export interface Account {
  id: number;
  username: string;
  first_name: string;
  last_name: string;
  team: { id: number; name: string } | null;
  is_admin: boolean;
  is_staff: boolean;
  timezone: string;
  language: string;
  contacts: { email: string; phone: string; telegram_chat_id: string };
}

export interface Credentials {
  username: string;
  password: string;
}

export class AccountApi {
  constructor(private readonly http: Http) {}

  me(): Promise<Account> {
    return this.http.get("/api/user/me/");
  }

  login(credentials: Credentials): Promise<Account> {
    return this.http.post("/api/auth/session/", credentials);
  }

  logout(): Promise<void> {
    return this.http.post("/api/auth/logout/");
  }

  /** Get a single-use ticket; it is good for 30 s. */
  async ticket(): Promise<string> {
    const answer = await this.http.post<{ ticket: string }>("/api/auth/ticket/");
    return answer.ticket;
  }
}
