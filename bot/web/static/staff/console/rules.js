/** The leads' rules: where tickets go, how fast they are answered, who can take them, promises kept. */

import { get } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { People } from "./rules_people.js";
import { Routing } from "./rules_routing.js";
import { ServiceLevels } from "./rules_sla.js";
import { drawForecast, drawWaits } from "./rules_watch.js";

export class Rules {
  constructor(panel) {
    const section = (key) => h("section", { class: "card rules-part stack", "aria-labelledby": `rules-${key}` });
    this.parts = { routing: section("routing"), levels: section("levels"), people: section("people"), waits: section("waits"), forecast: section("forecast") };
    fill(panel, h("div", { class: "rules stack" }, Object.values(this.parts)));
    this.routing = new Routing(this.parts.routing);
    this.levels = new ServiceLevels(this.parts.levels);
    this.people = new People(this.parts.people);
  }

  /** True while there are changes nobody saved. */
  dirty() {
    return this.routing.changed || this.levels.changed || this.people.changed();
  }

  async refresh() {
    // What someone is in the middle of changing is not read again under their hands.
    const [waits, { forecast }] = await Promise.all([
      get("waits"), get("sla/forecast"),
      this.routing.changed ? null : this.routing.refresh(), this.levels.changed ? null : this.levels.refresh(), this.people.refresh(),
    ]);
    drawWaits(this.parts.waits, waits);
    drawForecast(this.parts.forecast, forecast);
  }
}
