/** The whole page: the login, or what belongs to whoever is signed in. */

import { html, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";

import {
  type Account,
  AccountApi,
  CarillonClient,
  Http,
  HttpError,
  type NotificationFrame,
} from "../../client";
import { currentLanguage, languageFor, type Messages, speak, words } from "../../i18n";
import { sharedStyles } from "../../styles/shared";
import { AlertDesk } from "../alert-desk";
import { Announcer } from "../announcer";
import { Attention } from "../attention";
import { Calls } from "../calls";
import type { Filter } from "../filter";
import { headlineOf } from "../format";
import { LiveInbox } from "../live-inbox";
import { MailingDesk } from "../mailing-desk";
import { preferences } from "../preferences";
import { ProfileApi } from "../profile-api";
import { countOnTab } from "../tab-icon";
import { type TabMessage, Tabs } from "../tabs";
import { Toasts } from "../toasts";
import type { HelpDialog } from "./help-dialog";
import type { Staleness } from "./inbox-list";
import { livePageStyles } from "./live-page-styles";
import type { ActionDetail } from "./notification-item";
import { PageElement } from "./page-element";
import "./developer-drawer";
import "./help-dialog";
import "./inbox-list";
import "./login-form";
import "./page-header";
import "./profile-page";
import "./toast-stack";

const RETRY_MS = 3_000;
/** A moment without a connection is not yet being offline. */
const OFFLINE_AFTER_MS = 2_500;
/** More at once become one toast with their number. */
const TOASTS_AT_ONCE = 3;
const PROFILE = "#profile";
/** The profile too, at the choice of channels: mails lead there. */
const PREFERENCES = "#preferences";
/** Pixels that one may scroll down and still see the alerts. */
const ALERTS_IN_SIGHT = 200;

@customElement("carillon-live-page")
export class LivePage extends PageElement {
  static override styles = [sharedStyles, livePageStyles];

  @property({ type: Boolean, attribute: "signed-in" }) isSignedIn = false;
  @state() private phase: "starting" | "login" | "inbox" = "starting";
  @state() private notice: keyof Messages | "" = "";
  @state() private isProfile = isProfileAsked();
  @state() private isDrawerOpen = false;
  @state() private isOffline = false;
  @query("carillon-help-dialog") private help!: HelpDialog;

  private live: LiveInbox | null = null;
  private desk: AlertDesk | null = null;
  private mailings: MailingDesk | null = null;
  private offlineTimer: ReturnType<typeof setTimeout> | null = null;
  private readonly http = new Http();
  private readonly accountApi = new AccountApi(this.http);
  private readonly profileApi = new ProfileApi(this.http);
  private readonly toasts = new Toasts(() => this.requestUpdate());
  private readonly announcer = new Announcer(() => this.requestUpdate());
  private readonly tabs = new Tabs((message) => this.hear(message));
  private readonly attention = new Attention(this.tabs);
  private readonly calls = new Calls({
    announcer: this.announcer,
    attention: this.attention,
    toasts: this.toasts,
    isInSight: () => !this.isProfile && globalThis.scrollY < ALERTS_IN_SIGHT,
  });

  override connectedCallback(): void {
    super.connectedCallback();
    globalThis.addEventListener("online", this.networkChanged);
    globalThis.addEventListener("offline", this.networkChanged);
    globalThis.addEventListener("hashchange", this.placeChanged);
    void this.start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    globalThis.removeEventListener("online", this.networkChanged);
    globalThis.removeEventListener("offline", this.networkChanged);
    globalThis.removeEventListener("hashchange", this.placeChanged);
    this.closeAll();
  }

  protected override willUpdate(): void {
    speak(
      languageFor({
        chosen: preferences.current.language,
        account: this.live?.account.language ?? null,
        browser: navigator.languages,
      }),
    );
    const { theme } = preferences.current;
    const root = document.documentElement;
    root.lang = currentLanguage();
    if (theme === "system") delete root.dataset["theme"];
    else root.dataset["theme"] = theme;
    this.noteConnection();
  }

  protected override updated(): void {
    countOnTab(this.live?.inbox.unread ?? 0);
  }

  protected override render() {
    return html`
      ${this.renderPhase()}
      <carillon-toast-stack
        .toasts=${this.toasts}
        .list=${this.toasts.list}
        .isPaused=${this.toasts.isPaused}
      ></carillon-toast-stack>
      <p class="visually-hidden" role="status" aria-live="polite">${this.announcer.polite}</p>
      <p class="visually-hidden" role="alert" aria-live="assertive">${this.announcer.urgent}</p>
    `;
  }

  private renderPhase() {
    if (this.phase === "login") return this.renderLogin();
    if (this.live !== null) return this.renderSignedIn(this.live);
    const notice = this.notice === "" ? words().loading : this.sentence(this.notice);
    return html`<main class="starting"><p>${notice}</p></main>`;
  }

  private renderLogin() {
    return html`<main>
      <carillon-login-form
        .account=${this.accountApi}
        .notice=${this.notice === "" ? "" : this.sentence(this.notice)}
        @carillon-signed-in=${({ detail }: CustomEvent<Account>) => this.signedIn(detail)}
      ></carillon-login-form>
    </main>`;
  }

  private renderSignedIn(live: LiveInbox) {
    return html`
      <carillon-page-header
        .account=${live.account}
        .status=${live.status}
        .latencyMs=${live.status.phase === "live" ? (live.latencies.at(-1) ?? null) : null}
        .unread=${live.inbox.unread}
        @carillon-reconnect=${() => live.reconnect()}
        @carillon-drawer=${this.toggleDrawer}
        @carillon-help=${() => this.help.open()}
        @carillon-sign-out=${this.signOut}
      ></carillon-page-header>
      <div class="stage ${this.isDrawerOpen ? "with-drawer" : ""}">
        <main>${this.isProfile ? this.renderProfile(live) : this.renderHome(live)}</main>
        ${this.isDrawerOpen ? this.renderDrawer(live) : nothing}
      </div>
      <carillon-help-dialog></carillon-help-dialog>
    `;
  }

  private renderProfile(live: LiveInbox) {
    return html`<carillon-profile-page
      .account=${live.account}
      .api=${this.profileApi}
      @carillon-account=${({ detail }: CustomEvent<Account>) => {
        live.account = detail;
        this.requestUpdate();
      }}
      @carillon-signed-out-everywhere=${() => this.signedOut("signedOutEverywhere")}
    ></carillon-profile-page>`;
  }

  private renderHome(live: LiveInbox) {
    return html`${this.desk?.render()} ${this.mailings?.render()} ${this.renderInbox(live)}`;
  }

  private renderInbox(live: LiveInbox) {
    return html`<carillon-inbox-list
      .inbox=${live.inbox}
      .kinds=${live.kinds}
      .isBusy=${live.isBusy}
      .isLoadingOlder=${live.isLoadingOlder}
      .staleness=${this.staleness}
      .problem=${live.problem}
      .clockOffsetMs=${live.clockOffsetMs}
      @carillon-read-all=${({ detail }: CustomEvent<{ upTo: number }>) =>
        void live.markAllRead(detail.upTo)}
      @carillon-load-older=${() => void live.loadOlder()}
      @carillon-reload=${() => live.reload()}
      @carillon-filter=${({ detail }: CustomEvent<Filter>) => live.filterBy(detail)}
      @carillon-action=${({ detail }: CustomEvent<ActionDetail>) => void this.act(live, detail)}
      @carillon-reading=${(event: Event) => (event.currentTarget as PageElement).requestUpdate()}
      @carillon-help=${() => this.help.open()}
    ></carillon-inbox-list>`;
  }

  private renderDrawer(live: LiveInbox) {
    return html`<carillon-developer-drawer
      .frames=${live.frames.list}
      .latencies=${live.latencies}
      .userId=${live.account.id}
      @carillon-clear-frames=${() => live.frames.clear()}
      @carillon-ping=${() => live.ping()}
      @carillon-drawer=${this.toggleDrawer}
    ></carillon-developer-drawer>`;
  }

  private get staleness(): Staleness {
    const status = this.live?.status;
    if (!this.isOffline || status === undefined) return "";
    return "fallback" in status && status.fallback === "checking" ? "polling" : "lost";
  }

  private async start(): Promise<void> {
    if (!this.isSignedIn) {
      this.leave("");
      return;
    }
    try {
      this.enter(await this.accountApi.me());
    } catch (error) {
      if (error instanceof HttpError && error.isLoginRequired) {
        this.leave("");
        return;
      }
      this.notice = "unreachableRetrying";
      setTimeout(() => void this.start(), RETRY_MS);
    }
  }

  private signedIn(account: Account): void {
    this.tabs.tell({ kind: "signed-in" });
    this.enter(account);
  }

  private enter(account: Account): void {
    this.closeAll();
    const client = new CarillonClient();
    const live = new LiveInbox({
      account,
      client,
      onChange: () => {
        this.desk?.inboxChanged();
        this.requestUpdate();
      },
      onArrivals: (frames) => this.arrived(frames),
      onSignedOut: () => void this.refused(live),
      tell: (message) => this.tabs.tell(message),
    });
    this.live = live;
    this.desk = new AlertDesk({
      client,
      live,
      calls: this.calls,
      onChange: () => this.requestUpdate(),
      tell: (message) => this.tabs.tell(message),
    });
    this.mailings = new MailingDesk({
      client,
      http: this.http,
      onChange: () => this.requestUpdate(),
      onProblem: (reason) => live.complain(reason),
    });
    this.notice = "";
    this.phase = "inbox";
    void live.open();
  }

  private async refused(live: LiveInbox): Promise<void> {
    const isRenewed = await this.profileApi.isRenewed();
    if (live !== this.live) return;
    if (isRenewed) live.reconnect();
    else this.leave("sessionEnded");
  }

  private closeAll(): void {
    const { live, desk } = this;
    this.live = null;
    this.desk = null;
    this.mailings = null;
    live?.close();
    desk?.close();
  }

  private leave(notice: keyof Messages | ""): void {
    this.closeAll();
    this.notice = notice;
    this.isDrawerOpen = false;
    this.announcer.clear();
    this.toasts.clear();
    this.phase = "login";
    // Who was never in finds what a link led to after signing in.
    if (this.isProfile && notice !== "") location.hash = "";
  }

  private readonly signOut = async (): Promise<void> => {
    try {
      await this.accountApi.logout();
    } catch (error) {
      if (!(error instanceof HttpError && error.isLoginRequired)) {
        this.live?.complain(words().signOutFailed);
        return;
      }
    }
    this.signedOut("signedOut");
  };

  private signedOut(notice: "signedOut" | "signedOutEverywhere"): void {
    this.tabs.tell({ kind: "signed-out", everywhere: notice === "signedOutEverywhere" });
    this.leave(notice);
  }

  /** What another tab of this browser says. */
  private hear(message: TabMessage): void {
    if (message.kind === "signed-in" && this.phase === "login") {
      this.isSignedIn = true;
      void this.start();
    } else if (message.kind === "signed-out" && this.phase === "inbox") {
      this.leave(message.everywhere ? "signedOutEverywhere" : "signedOut");
    } else {
      this.live?.hear(message);
      this.desk?.hear(message);
    }
  }

  private async act(live: LiveInbox, { key, action }: ActionDetail): Promise<void> {
    const isDone = await live.act(key, action);
    if (!isDone || (action !== "archive" && action !== "unarchive")) return;
    const back = action === "archive" ? "unarchive" : "archive";
    const say = words();
    const title = action === "archive" ? say.archived : say.broughtBack;
    this.announcer.say(title);
    this.toasts.add({
      tone: "done",
      title,
      action: { label: say.undo, run: () => void live.act(key, back) },
    });
  }

  private arrived(frames: readonly NotificationFrame[]): void {
    this.desk?.arrived(frames);
    this.announcer.arrived(frames);
    void this.attention.arrived(frames);
    if (!preferences.current.showsToasts) return;
    if (frames.length > TOASTS_AT_ONCE) {
      this.toasts.addMany(frames.length, words().arrivedMany);
      return;
    }
    for (const { severity, title, value, body } of frames) {
      this.toasts.add({ tone: severity, title: title || headlineOf(value), text: body });
    }
  }

  private sentence(notice: keyof Messages): string {
    return words()[notice] as string;
  }

  private toggleDrawer(): void {
    this.isDrawerOpen = !this.isDrawerOpen;
  }

  private noteConnection(): void {
    const isLive = this.live === null || this.live.status.phase === "live";
    if (isLive) {
      if (this.offlineTimer !== null) clearTimeout(this.offlineTimer);
      this.offlineTimer = null;
      this.isOffline = false;
    } else {
      this.offlineTimer ??= setTimeout(() => (this.isOffline = true), OFFLINE_AFTER_MS);
    }
  }

  private readonly placeChanged = (): void => {
    this.isProfile = isProfileAsked();
    globalThis.scrollTo({ top: 0 });
  };

  private readonly networkChanged = (): void => this.live?.checkConnection();
}

function isProfileAsked(): boolean {
  return location.hash === PROFILE || location.hash === PREFERENCES;
}
