(function(){var b=document.querySelector("[data-wait]");if(b){var n=+b.dataset.wait,t=b.dataset.again;if(n>0){var id=setInterval(function(){n--;if(n<=0){clearInterval(id);b.disabled=false;b.textContent=b.dataset.text}else b.textContent=t.replace("0",n)},1000)}}
var f=document.querySelector("form");if(f)f.addEventListener("submit",function(){setTimeout(function(){[].forEach.call(f.querySelectorAll("button"),function(x){x.disabled=true})},0)});
window.addEventListener("pageshow",function(e){if(e.persisted)[].forEach.call(document.querySelectorAll("button"),function(x){x.disabled=false})})
var q=document.querySelector("[data-codes]");if(q){var codes=q.dataset.codes.split(" "),ahead=q.dataset.now-Date.now(),first=Math.floor(q.dataset.now/60000),shown=first;
var draw=function(hex){var bits="",n,d="",x,y,run;for(x=0;x<hex.length;x++)bits+=("000"+parseInt(hex[x],16).toString(2)).slice(-4);n=Math.floor(Math.sqrt(bits.length));
for(y=0;y<n;y++){d+="M4 "+(y+4)+".5";for(x=0;x<n;x+=run){run=1;while(x+run<n&&bits[y*n+x+run]===bits[y*n+x])run++;d+=bits[y*n+x]==="1"?"h"+run:"m"+run+" 0"}}q.querySelector("path").setAttribute("d",d)};
setInterval(function(){var m=Math.floor((Date.now()+ahead)/60000);if(m===shown)return;shown=m;if(m<first||m-first>=codes.length)location.reload();else draw(codes[m-first])},500)}
})();
