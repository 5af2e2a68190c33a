/** Rules of the launcher, kept from the page's own by the shadow root; logical sides for RTL pages. */
export const STYLE = `
:host{all:initial;position:fixed;z-index:2147483000;inset-block-end:0;inset-inline-end:0;display:block}
:host([data-position=start]){inset-inline:0 auto}
*{box-sizing:border-box}
button{all:unset;box-sizing:border-box;position:fixed;inset-block-end:max(20px,env(safe-area-inset-bottom));inset-inline-end:20px;
display:flex;align-items:center;gap:10px;min-block-size:56px;min-inline-size:56px;padding-inline:17px 22px;border-radius:28px;cursor:pointer;
background:var(--relais-accent,#0b5a5e);color:#fff;font:600 16px/1.2 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif;
box-shadow:0 1px 2px rgba(6,32,36,.25),0 8px 28px rgba(6,32,36,.22);transition:transform .16s ease,box-shadow .16s ease}
button:hover{transform:translateY(-2px);box-shadow:0 2px 4px rgba(6,32,36,.25),0 12px 32px rgba(6,32,36,.28)}
button:focus-visible{outline:3px solid #fff;outline-offset:-6px;box-shadow:0 0 0 3px var(--relais-accent,#0b5a5e)}
:host([data-position=start]) button,:host([data-position=start]) .panel{inset-inline:20px auto}
svg{inline-size:24px;block-size:24px;flex:none}
.count{position:absolute;inset-block-start:-5px;inset-inline-end:-3px;min-inline-size:24px;block-size:24px;padding-inline:6px;border-radius:12px;
background:#c2290a;color:#fff;font-size:14px;line-height:20px;text-align:center;border:2px solid #fff}
.count:empty{display:none}
.panel{position:fixed;inset-block-end:20px;inset-inline-end:20px;inline-size:min(404px,calc(100vw - 40px));
block-size:min(680px,calc(100vh - 40px));block-size:min(680px,calc(100dvh - 40px));border-radius:20px;overflow:hidden;background:Canvas;
box-shadow:0 0 0 1px rgba(6,32,36,.12),0 24px 64px rgba(6,32,36,.28);transform-origin:bottom right;animation:in .2s ease-out}
.panel[hidden]{display:none}
iframe{display:block;inline-size:100%;block-size:100%;border:0;color-scheme:normal}
@keyframes in{from{opacity:0;transform:translateY(16px) scale(.98)}}
@media (max-width:480px),(max-height:480px){
.panel,:host([data-position=start]) .panel{inset:0;inline-size:100%;block-size:100%;border-radius:0;animation:none}
button{inset-block-end:max(16px,env(safe-area-inset-bottom));inset-inline-end:16px}
}
@media (max-width:600px){button{padding-inline:16px}.label{position:absolute;inline-size:1px;block-size:1px;overflow:hidden;clip-path:inset(50%)}}
@media (prefers-reduced-motion:reduce){*{animation:none!important;transition:none!important}}
@media (forced-colors:active){button,.panel{border:2px solid ButtonText}.count{border-color:Canvas}}
@media print{:host{display:none}}
`;
