(function(){var b=document.querySelector("[data-wait]");if(b){var n=+b.dataset.wait,t=b.dataset.again;if(n>0){var id=setInterval(function(){n--;if(n<=0){clearInterval(id);b.disabled=false;b.textContent=b.dataset.text}else b.textContent=t.replace("0",n)},1000)}}
var f=document.querySelector("form");if(f)f.addEventListener("submit",function(){setTimeout(function(){[].forEach.call(f.querySelectorAll("button"),function(x){x.disabled=true})},0)});
window.addEventListener("pageshow",function(e){if(e.persisted)[].forEach.call(document.querySelectorAll("button"),function(x){x.disabled=false})})})();
