/** In the account menu: the picture customers see beside one's answers. */

import { del, get, upload } from "./api.js";
import { attempt, said } from "./notify.js";
import { t } from "./texts.js";

const menu = document.getElementById("account");
const now = document.getElementById("photo-now");
const choose = document.getElementById("photo-choose");
const remove = document.getElementById("photo-remove");
const file = document.getElementById("photo-file");

function show(id) {
  now.hidden = remove.hidden = !id;
  if (id) now.src = `/api/v1/photos/${id}`;
  else now.removeAttribute("src");
}

if (choose) {
  menu.addEventListener("toggle", () => {
    if (menu.open) void get("me").then(({ photo }) => show(photo)).catch(() => {});
  });
  choose.addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    const [picked] = file.files;
    file.value = "";
    if (picked) void attempt(choose, async () => {
      show((await upload("me/photo", picked, "PUT")).photo);
      said(t("photo.done"));
    });
  });
  remove.addEventListener("click", () => void attempt(remove, async () => {
    await del("me/photo");
    show(null);
    said(t("photo.gone"));
    choose.focus();
  }));
}
