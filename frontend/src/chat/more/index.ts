/**
 * What not every conversation needs, loaded when one does: the menu, asking for a person, the chart, the
 * survey, questions before something final, the copy by e-mail, the sound.
 */

import { beep } from "./beep";
import type { MakeMore } from "./kit";
import { menu } from "./menu";
import { picture } from "./picture";
import { save } from "./requests";
import { handover } from "./sheets";
import { survey } from "./survey";

const make: MakeMore = (kit, words) => ({
  words,
  picture: (data, locale) => picture(kit, data, locale, words.now, words.before),
  survey: (item, ui) => survey(kit, item, ui, words),
  menu: (desk) => menu(kit, words, desk),
  handover: (desk) => handover(kit, words, desk),
  save: (desk, path, name) => void save(kit, desk, path, name),
  beep,
});
export default make;
