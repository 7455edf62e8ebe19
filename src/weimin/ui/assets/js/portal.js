import "./common.js";
const aloud = document.querySelector(".read-aloud");
if (aloud && "speechSynthesis" in window) {
  aloud.addEventListener("click", () => {
    if (speechSynthesis.speaking) { speechSynthesis.cancel(); return; }
    const words = new SpeechSynthesisUtterance(document.querySelector("main").innerText);
    words.lang = "zh-CN"; words.rate = 0.9; speechSynthesis.speak(words);
  });
} else if (aloud) { aloud.remove(); }
