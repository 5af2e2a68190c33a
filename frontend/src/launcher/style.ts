/** Rules of the launcher, kept from the page's own by the shadow root; logical sides for RTL pages. */
export const STYLE = `:host{all:initial;position:fixed;z-index:2147483000}
*{box-sizing:border-box}
button{all:unset;display:flex;align-items:center;gap:10px;padding:16px 22px 16px 18px;border-radius:28px;cursor:pointer;background:var(--relais-accent,#0b5a5e);color:#fff;font:600 16px/24px system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif;box-shadow:0 6px 24px rgba(6,32,36,.3);transition:transform .16s}
button:hover{transform:translateY(-2px)}
button:focus-visible{outline:3px solid #fff;outline-offset:-6px}
button,.panel{position:fixed;inset-block-end:max(20px,env(safe-area-inset-bottom));inset-inline-end:20px}
:host([data-position=start]) :is(button,.panel){inset-inline:20px auto}
button::before{content:"";inline-size:24px;block-size:24px;background:currentColor;forced-color-adjust:none;clip-path:path("M12 3c5 0 9 3.4 9 7.8s-4 7.8-9 7.8c-1 0-2-.1-2.9-.4L4 21l1.3-4.3C3.9 15.2 3 13.1 3 10.8 3 6.4 7 3 12 3Z")}
.count{position:absolute;inset:-5px -3px auto auto;min-inline-size:24px;padding-inline:6px;border-radius:12px;background:#c2290a;font-size:14px;line-height:20px;text-align:center;border:2px solid #fff}
.count:empty,[hidden]{display:none!important}
.panel{inline-size:min(404px,100vw - 40px);block-size:min(680px,100vh - 40px);block-size:min(680px,100dvh - 40px);border-radius:20px;overflow:hidden;background:Canvas;box-shadow:0 0 0 1px rgba(6,32,36,.12),0 24px 64px rgba(6,32,36,.28);animation:in .2s ease-out}
iframe{display:block;inline-size:100%;block-size:100%;border:0}
@keyframes in{from{opacity:0;transform:translateY(16px)}}
@media (max-width:480px),(max-height:480px){:host .panel.panel{inset:0;inline-size:100%;block-size:100%;border-radius:0;animation:none}}
@media (max-width:600px){button{padding:16px}.label{position:absolute;inline-size:1px;overflow:hidden;clip-path:inset(50%)}}
@media (prefers-reduced-motion:reduce){*{animation:none!important;transition:none!important}}
@media (forced-colors:active){button,.panel{border:2px solid ButtonText}}
@media print{:host{display:none}}`;
